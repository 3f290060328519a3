"""A backup put back onto an empty site is the site; what is not whole, or hostile, changes nothing."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import sqlite3
import tarfile
import tracemalloc
from pathlib import Path

import pytest
from backup_site import SECRET, hostile, snapshot

from provisioning.backup import archive, create, keys, restore
from provisioning.backup.manifest import FORMAT, HEADER, MANIFEST, Lines, line_of
from provisioning.refusal import Refusal
from provisioning.registry import database
from provisioning.registry.models import Account


@pytest.fixture(autouse=True)
def cheap_scrypt(monkeypatch):
    monkeypatch.setattr(keys, "COST", 2**14)


def back_up(places, shelf, **options):
    options = {"keys_to": shelf[1], "secret": SECRET, "site": "carrel", "version": "1", **options}
    return create.backup(places, options.pop("to", shelf[0]), **options)


def names(made) -> list[str]:
    with tarfile.open(made.archive) as tar:
        return tar.getnames()


def test_what_is_restored_is_what_was_there(site, make_site, shelf):
    made = back_up(site, shelf)
    other = make_site("other")
    bundle = keys.unseal(made.keys, SECRET)
    done = restore.restore(other, made.archive, bundle)
    assert snapshot(other) == snapshot(site)
    assert done.keys == 1
    assert (done.count.files, done.count.digest) == (made.count.files, made.count.digest)
    engine = database.engine(other.registry)
    with database.sessions(engine)() as session:
        assert [account.name for account in session.query(Account)] == ["li-wei"]
    engine.dispose()
    budget = sqlite3.connect(other.data / "desks/heart/li-wei/budget.sqlite")
    assert budget.execute("SELECT step FROM shown").fetchall() == [(42,)]
    budget.close()
    assert not (other.data / ".restoring").exists()
    assert sorted(p.name for p in shelf[0].iterdir()) == [made.archive.name]
    assert sorted(p.name for p in shelf[1].iterdir()) == [made.keys.name]
    assert made.archive.stat().st_mode & 0o777 == made.keys.stat().st_mode & 0o777 == 0o600


def test_the_registry_is_copied_as_it_is_while_somebody_writes(site, make_site, shelf):
    writer = sqlite3.connect(site.registry.removeprefix("sqlite:///"), isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE accounts SET display_name = 'half'")
    made = back_up(site, shelf)
    writer.execute("ROLLBACK")
    writer.close()
    other = make_site("other")
    restore.restore(other, made.archive, keys.unseal(made.keys, SECRET))
    reader = sqlite3.connect(other.registry.removeprefix("sqlite:///"))
    assert reader.execute("SELECT display_name FROM accounts").fetchall() == [("李伟",)]
    reader.close()


def test_no_program_comes_back_set_uid(site, make_site, shelf):
    made = back_up(site, shelf)
    other = make_site("other")
    restore.restore(other, made.archive, None)
    assert (other.data / "workspaces/heart/li-wei/program").stat().st_mode & 0o7777 == 0o755
    assert (other.data / "workspaces/heart/li-wei").stat().st_mode & 0o7777 == 0o2770


def test_keys_are_in_the_sealed_file_alone_and_that_needs_the_passphrase(site, shelf):
    made = back_up(site, shelf)
    assert not [name for name in names(made) if "key" in name]
    assert b"k" * 32 not in gzip.decompress(made.archive.read_bytes())
    sealed = made.keys.read_bytes()
    assert b"trail" not in sealed
    with pytest.raises(Refusal, match="passphrase"):
        keys.unseal(made.keys, SECRET + "x")
    (key,) = keys.unseal(made.keys, SECRET).keys
    assert (key.path, key.content, key.mode) == ("deep/trail.key", b"k" * 32, 0o400)


def test_a_changed_header_of_the_keys_is_noticed(site, shelf):
    made = back_up(site, shelf)
    document = json.loads(made.keys.read_text())
    document["backup"] = "0" * 32
    made.keys.write_text(json.dumps(document))
    with pytest.raises(Refusal, match="changed"):
        keys.unseal(made.keys, SECRET)


@pytest.mark.parametrize("change", [{"n": 2**40}, {"n": 2**10}, {"r": 4096}, {"name": "md5"}])
def test_keys_that_would_cost_all_memory_or_nothing_are_refused(site, shelf, change):
    made = back_up(site, shelf)
    document = json.loads(made.keys.read_text())
    document["kdf"] |= change
    made.keys.write_text(json.dumps(document))
    with pytest.raises(Refusal, match="no sealed file"):
        keys.unseal(made.keys, SECRET)


def test_a_short_passphrase_protects_nothing():
    with pytest.raises(Refusal, match="12"):
        keys.passphrase("eleven char\n")
    assert keys.passphrase("twelve chars\n") == "twelve chars"


def test_links_pipes_sockets_devices_and_holes_are_told_and_not_copied(site, make_site, shelf, tmp_path):
    (tmp_path / "outside").mkdir()
    secret = tmp_path / "outside/secret"
    secret.write_text("of the host")
    hostile(site, secret)
    made = back_up(site, shelf)
    why = {each["path"].rsplit("/", 1)[1]: each["why"] for each in made.count.skipped}
    expected = {"to-file": "link", "to-folder": "link", "pipe": "pipe", "sock": "socket", "hole": "hole"}
    if os.geteuid() == 0:
        expected["disk"] = "device"
    assert why == expected
    assert b"of the host" not in gzip.decompress(made.archive.read_bytes())
    other = make_site("other")
    restore.restore(other, made.archive, None)
    left = {path.name for path in (other.data / "workspaces/heart/li-wei").iterdir()}
    assert not left & set(expected)


def test_a_folder_swapped_for_a_link_while_it_is_read_leads_nowhere(site, shelf, tmp_path, monkeypatch):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("of the host")
    workspace = site.data / "workspaces/heart/li-wei"
    real, inode = os.lstat, workspace.stat().st_ino

    def swap(name, **options):
        status = real(name, **options)
        if status.st_ino == inode and not workspace.is_symlink():
            workspace.rename(tmp_path / "away")
            workspace.symlink_to(outside)
        return status

    monkeypatch.setattr(os, "lstat", swap)
    made = back_up(site, shelf)
    assert {"path": "data/workspaces/heart/li-wei", "why": "unreadable"} in made.count.skipped
    assert not [name for name in names(made) if "secret" in name]


def test_a_file_that_shrinks_while_it_is_read_is_told(site, make_site, shelf, monkeypatch):
    grown = site.data / "workspaces/heart/li-wei/numbers.bin"
    real = os.read

    def shrink(descriptor, size):
        data = real(descriptor, size)
        if os.fstat(descriptor).st_size == 3_000_000:
            os.truncate(grown, 1_500_000)
        return data

    monkeypatch.setattr(os, "read", shrink)
    made = back_up(site, shelf)
    monkeypatch.undo()
    monkeypatch.setattr(keys, "COST", 2**14)
    assert made.count.changed_count == 1
    other = make_site("other")
    restore.restore(other, made.archive, None)
    assert (other.data / "workspaces/heart/li-wei/numbers.bin").stat().st_size == 3_000_000


def test_extracts_can_be_left_to_their_manifests(site, shelf):
    kept = [
        name for name in names(back_up(site, shelf, extracts="manifest")) if name.startswith("data/extracts")
    ]
    assert kept == ["data/extracts", "data/extracts/bloods", "data/extracts/bloods/v1"] + [
        "data/extracts/bloods/v1/extract.json"
    ]


def test_a_backup_overwrites_nothing_and_does_not_back_itself_up(site, shelf, tmp_path):
    target = shelf[0] / "mine.tar.gz"
    target.write_text("precious")
    with pytest.raises(Refusal, match="exists already"):
        back_up(site, shelf, to=target)
    assert target.read_text() == "precious"
    with pytest.raises(Refusal, match="inside"):
        back_up(site, shelf, to=site.data)
    with pytest.raises(Refusal, match="one folder"):
        back_up(site, shelf, keys_to=shelf[0])
    with pytest.raises(Refusal, match="does not exist"):
        back_up(site, shelf, to=tmp_path / "nowhere/mine.tar.gz")


def test_a_restore_overwrites_nothing(site, make_site, shelf):
    made = back_up(site, shelf)
    for place in ("data/workspaces/x/y/z", "keys/k", "config/c", "registry/registry.sqlite"):
        other = make_site("full-" + place.replace("/", "-"))
        file = other.data.parent / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("precious")
        with pytest.raises(Refusal, match="not empty"):
            restore.restore(other, made.archive, None)
        assert file.read_text() == "precious"
        assert not (other.data / ".restoring").exists()


def test_a_site_that_was_only_begun_counts_as_empty(site, make_site, shelf):
    made = back_up(site, shelf)
    other = make_site("other")
    for name in ("extracts", "templates", "runs", "airlock"):
        (other.data / name).mkdir()
    restore.restore(other, made.archive, keys.unseal(made.keys, SECRET))
    assert (other.data / "extracts/bloods/v1/extract.json").exists()


def test_every_changed_byte_and_every_cut_is_noticed_and_nothing_is_put_in_place(site, make_site, shelf):
    made = back_up(site, shelf)
    bundle = keys.unseal(made.keys, SECRET)
    plain = gzip.decompress(made.archive.read_bytes())
    size = len(plain)
    bad = made.archive.with_name("bad.tar.gz")
    # In headers, contents and manifest alike; a tar's padding holds nothing that is restored.
    for position in [*range(0, 2048, 97), *range(2048, size, size // 60)]:
        changed = bytearray(plain)
        changed[position] ^= 0x01
        bad.write_bytes(gzip.compress(bytes(changed), 1))
        other = make_site(f"other-{position}")
        try:
            restore.restore(other, bad, bundle)
        except Refusal:
            assert snapshot(other) == {}
            assert not list(other.data.iterdir())
        else:  # the byte was in padding between two members
            assert snapshot(other) == snapshot(site)
    # Up to the last byte that says anything: a tar ends in blocks of zeros.
    said = len(plain.rstrip(b"\0"))
    for length in range(0, said, said // 25):
        bad.write_bytes(gzip.compress(plain[:length], 1))
        with pytest.raises(Refusal, match="damaged"):
            restore.verify(bad, bundle)
    whole = made.archive.read_bytes()
    for length in range(0, len(whole), len(whole) // 25):
        bad.write_bytes(whole[:length])
        with pytest.raises(Refusal, match="damaged"):
            restore.verify(bad, bundle)


def test_an_archive_made_anew_by_somebody_else_does_not_go_with_the_keys(site, make_site, shelf):
    made = back_up(site, shelf)
    (site.data / "workspaces/heart/li-wei/笔记.ipynb").write_text("{'forged': 1}")
    forged = back_up(site, shelf, to=shelf[0] / "forged.tar.gz", keys_to=None, secret=None)
    with pytest.raises(Refusal, match="not those of this backup"):
        restore.restore(make_site("other"), forged.archive, keys.unseal(made.keys, SECRET))


def build(path: Path, members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    """An archive with a true manifest of whatever is in it."""
    spool = io.BytesIO()
    lines = Lines(spool)
    with tarfile.open(path, "w:gz") as tar:
        document = json.dumps({"format": FORMAT, "id": "1"}).encode()
        head = tarfile.TarInfo(HEADER)
        head.size = len(document)
        tar.addfile(head, io.BytesIO(document))
        for info, content in members:
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
            lines.add(line_of(info, hashlib.sha256(content).hexdigest()))
        last = tarfile.TarInfo(MANIFEST)
        last.size = len(spool.getvalue())
        tar.addfile(last, io.BytesIO(spool.getvalue()))


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


@pytest.mark.parametrize(
    "name",
    [
        "data/../../x",
        "/etc/x",
        "data//x",
        "data/./x",
        "x",
        "keys/x",
        "data/" + "a/" * 200 + "x",
        "data/.restoring/x",
    ]
    + ["config/../data/x", "data/" + "n" * 256, "registry/other"],
)
def test_a_path_that_leads_elsewhere_is_refused(name, make_site, tmp_path):
    bad = tmp_path / "bad.tar.gz"
    build(bad, [(member(name), b"evil")])
    other = make_site("other")
    before = set(tmp_path.rglob("*"))
    with pytest.raises(Refusal, match="damaged"):
        restore.restore(other, bad, None)
    assert set(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
def test_no_link_and_no_device_is_restored(kind, make_site, tmp_path):
    bad = tmp_path / "bad.tar.gz"
    build(bad, [(member("data/x", kind, "/etc/passwd"), b"")])
    other = make_site("other")
    with pytest.raises(Refusal, match="damaged"):
        restore.restore(other, bad, None)
    assert not list(other.data.iterdir())


def test_a_file_in_the_place_of_another_is_refused(make_site, tmp_path):
    bad = tmp_path / "bad.tar.gz"
    build(bad, [(member("data/x"), b"1"), (member("data/y"), b"1"), (member("data/x"), b"2")])
    with pytest.raises(Refusal):
        restore.restore(make_site("other"), bad, None)


def test_memory_stays_bounded_whatever_the_number_of_files(site, shelf):
    many = site.data / "workspaces/heart/li-wei/many"
    for number in range(3000):
        folder = many / str(number % 50)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}").touch()
    (many / "large").write_bytes(bytes(64 * 1024 * 1024))
    back_up(site, shelf, to=shelf[0] / "warm.tar.gz", keys_to=None, secret=None)
    tracemalloc.start()
    made = back_up(site, shelf, keys_to=None, secret=None)
    _, written = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    restore.verify(made.archive, None)
    _, read = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert made.count.files > 3000
    assert max(written, read) < 12 * 1024 * 1024


def test_the_archive_of_another_kind_is_refused(tmp_path):
    for content in (b"", b"PK\x03\x04", gzip.compress(b""), gzip.compress(b"x" * 10_000)):
        bad = tmp_path / "bad"
        bad.write_bytes(content)
        with pytest.raises(archive.BadArchive):
            restore.verify(bad, None)
