"""Records leave the registry into signed archives alone, after 180 days at least; what is tampered is found."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from old_trail import add, archives_in, lift
from sqlalchemy import Engine, select, text

from provisioning.audit import archives, heads, keys, reading, retention, seals, trail
from provisioning.audit.retention import prune
from provisioning.audit.seals import Seal
from provisioning.audit.verify import TrailBroken, Verified, verify
from provisioning.command import main
from provisioning.lifecycle.audit_extract import audit_extract
from provisioning.refusal import Refusal
from provisioning.registry import database
from provisioning.registry.columns import utc_now
from provisioning.registry.models import AuditPosition, AuditRecord


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture
def old(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """20 records of last year, signed, and 10 of today."""
    add(engine, 20, monkeypatch, days_ago=365)
    with database.writing(engine) as session:
        heads.sign_head(session, keys.signing_key())
    add(engine, 10, monkeypatch)
    return engine


def known() -> dict:
    key = keys.signing_key().public_key()
    return {keys.fingerprint(key): key}


def whole(engine: Engine, files: list[Path] | None = None) -> Verified:
    with database.sessions(engine)() as session:
        return verify(session, heads.heads(session), known(), files or [])


def broken(engine: Engine, files: list[Path] | None = None, trusted: dict | None = None) -> int:
    with database.sessions(engine)() as session, pytest.raises(TrailBroken) as found:
        verify(session, heads.heads(session), known() if trusted is None else trusted, files or [])
    return found.value.number


def numbers(engine: Engine) -> list[int]:
    with database.sessions(engine)() as session:
        return list(session.scalars(select(AuditRecord.number).order_by(AuditRecord.number)))


def as_its_admin(engine: Engine, *statements: str, **values: object) -> None:
    with engine.begin() as connection:
        lift(connection)
        for statement in statements:
            connection.execute(text(statement), values)


def test_what_is_old_goes_into_an_archive_and_all_of_it_verifies(old: Engine, folder: Path) -> None:
    (seal,) = prune(old, folder, keys.signing_key())
    assert (seal.first, seal.last) == (1, 20)
    assert numbers(old) == list(range(21, 32)), "with the record of the pruning"
    (file,) = archives_in(folder)
    assert (file.name, file.stat().st_mode & 0o777) == ("audit-1-20.jsonl", 0o600)
    verified = whole(old, [file])
    assert (verified.first, verified.records, verified.archived) == (21, 11, 20)
    with database.sessions(old)() as session:
        (pruned,) = reading.records(session, kind="audit-pruned")
    assert pruned.detail["digest"] == f"sha256:{seal.sha256}"
    assert prune(old, folder, keys.signing_key()) == []


def test_an_anchor_of_an_archived_record_is_held_to_the_archive(old: Engine, folder: Path) -> None:
    with database.sessions(old)() as session:
        (anchor,) = heads.heads(session)
    prune(old, folder, keys.signing_key())
    files = archives_in(folder)
    with database.sessions(old)() as session:
        assert verify(session, [anchor], known(), files).heads == 1
        assert verify(session, [anchor], known()).heads == 1, "its number is the seal's own"
        key = keys.signing_key()
        lie = replace(anchor, number=7, hash="0" * 64)
        lie = replace(lie, signature=key.sign(lie.said).hex())
        assert verify(session, [lie], known()).unseen == 1
        with pytest.raises(TrailBroken) as found:
            verify(session, [lie], known(), files)
    assert found.value.number == 7


@pytest.mark.parametrize("days", [0, 1, -5, 179])
def test_no_setting_keeps_fewer_than_180_days(
    engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch, days: float
) -> None:
    add(engine, 3, monkeypatch, days_ago=181)
    add(engine, 3, monkeypatch, days_ago=179)
    add(engine, 1, monkeypatch)
    prune(engine, folder, keys.signing_key(), days)
    assert numbers(engine)[0] == 4


def test_a_younger_record_between_keeps_what_is_behind_it(
    engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for days in (300, 10, 300, 0):
        add(engine, 2, monkeypatch, days_ago=days)
    prune(engine, folder, keys.signing_key())
    assert numbers(engine)[0] == 3


def test_the_newest_record_stays_and_so_does_what_was_not_forwarded(
    engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(engine, 5, monkeypatch, days_ago=400)
    with database.writing(engine) as session:
        session.add(AuditPosition(reader=f"{reading.RECEIVER}tls://logs:6514", number=2, time=utc_now()))
    prune(engine, folder, keys.signing_key())
    assert numbers(engine)[:4] == [3, 4, 5, 6]
    with database.writing(engine) as session:
        session.get(AuditPosition, f"{reading.RECEIVER}tls://logs:6514").number = 6
    prune(engine, folder, keys.signing_key())
    assert numbers(engine)[0] == 6
    assert whole(engine, archives_in(folder)).archived == 5


def test_many_records_make_several_archives_that_follow_one_another(old: Engine, folder: Path) -> None:
    made = prune(old, folder, keys.signing_key(), most=8)
    assert [(seal.first, seal.last) for seal in made] == [(1, 8), (9, 16), (17, 20)]
    files = archives_in(folder)
    assert whole(old, files).archived == 20
    assert whole(old, [files[1]]).archived == 8


def test_a_removed_prefix_without_a_seal_is_found(old: Engine) -> None:
    as_its_admin(old, "DELETE FROM audit_records WHERE number <= 20", "DELETE FROM audit_heads")
    assert broken(old) == 1


def test_the_database_removes_no_more_than_what_is_sealed(old: Engine, folder: Path) -> None:
    with pytest.raises(Exception, match="only added to"), old.begin() as connection:
        connection.execute(text("DELETE FROM audit_records WHERE number <= 5"))
    prune(old, folder, keys.signing_key())
    for statement in (
        "DELETE FROM audit_records WHERE number <= 21",
        "DELETE FROM audit_seals",
        "UPDATE audit_seals SET last = 25",
        "UPDATE audit_records SET kind = 'sign-in'",
    ):
        with pytest.raises(Exception, match="only added to"), old.begin() as connection:
            connection.execute(text(statement))


def test_more_than_the_seal_says_or_less_is_found(old: Engine, folder: Path) -> None:
    prune(old, folder, keys.signing_key())
    with old.connect() as connection:
        kept = connection.execute(text("SELECT * FROM audit_records WHERE number = 21")).mappings().one()
    as_its_admin(old, "DELETE FROM audit_records WHERE number IN (21, 22)")
    assert broken(old) == 21
    as_its_admin(old, "DELETE FROM audit_records")
    assert broken(old) == 21
    columns = ", ".join(f'"{name}"' for name in kept)
    places = ", ".join(f":{name}" for name in kept)
    again = {**kept, "number": 20}
    if not isinstance(again["detail"], str):
        again["detail"] = json.dumps(again["detail"])
    as_its_admin(old, f"INSERT INTO audit_records ({columns}) VALUES ({places})", **again)
    assert broken(old) == 20


def test_a_forged_seal_is_found(old: Engine, folder: Path, tmp_path: Path) -> None:
    with database.sessions(old)() as session:
        hash = session.scalar(select(AuditRecord.hash).where(AuditRecord.number == 25))
    mine = keys.signing_key()
    other = keys.signing_key(_made(tmp_path / "other"))
    for signer, named in ((other, other), (other, mine)):
        fingerprint = keys.fingerprint(named.public_key())
        forged = Seal(1, 25, "0" * 64, hash, "0" * 64, "2026-01-01T00:00:00.000000Z", fingerprint)
        as_its_admin(
            old,
            "DELETE FROM audit_seals",
            "DELETE FROM audit_heads WHERE number <= 25",
            "DELETE FROM audit_records WHERE number <= 25",
        )
        with database.writing(old) as session:
            session.add(seals.signed(forged, signer).row)
        assert broken(old) == 25


def test_a_seal_that_is_gone_and_one_of_two_are_found(old: Engine, folder: Path) -> None:
    prune(old, folder, keys.signing_key(), most=10)
    as_its_admin(old, "DELETE FROM audit_seals WHERE last = 10")
    assert broken(old) == 1
    as_its_admin(old, "DELETE FROM audit_seals")
    assert broken(old) == 1


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    return folder


@pytest.mark.parametrize("left", [0, 1, 7, 19, 20])
def test_an_archive_that_is_cut_off_is_found(old: Engine, folder: Path, left: int) -> None:
    prune(old, folder, keys.signing_key())
    (file,) = archives_in(folder)
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:left]))
    if left == 0:
        with pytest.raises(Refusal, match="no archive"):
            whole(old, [file])
    else:
        assert broken(old, [file]) == left + 1
    # With the seal put back behind fewer lines, the seal itself says that some are missing.
    if left:
        file.write_bytes(b"".join([*lines[:left], lines[-1]][: left + 1]))
        if left < 20:
            assert broken(old, [file]) == left + 1
    file.write_bytes(b"".join(lines[:-1]) + lines[-1][: len(lines[-1]) // 2])
    assert broken(old, [file]) == 21


def test_a_changed_removed_or_moved_line_of_an_archive_is_found(old: Engine, folder: Path) -> None:
    prune(old, folder, keys.signing_key())
    (file,) = archives_in(folder)
    lines = file.read_bytes().splitlines(keepends=True)

    def with_lines(changed: list[bytes]) -> int:
        file.write_bytes(b"".join(changed))
        return broken(old, [file])

    assert with_lines([*lines[:4], lines[4].replace(b"li-wei", b"li-fei"), *lines[5:]]) == 5
    assert with_lines([*lines[:4], *lines[5:]]) == 5
    assert with_lines([*lines[:4], lines[5], lines[4], *lines[6:]]) == 5
    assert with_lines([*lines[:4], lines[3], *lines[4:]]) == 4
    assert with_lines(lines[1:]) == 1
    assert with_lines([*lines, lines[3]]) == 21
    assert with_lines([*lines[:4], b"{}\n", *lines[4:]]) == 5
    assert with_lines([*lines[:20], lines[20].replace(b'"last":20', b'"last":21')]) == 21
    file.write_bytes(b"".join(lines))
    assert broken(old, [file], trusted={}) == 20
    assert whole(old, [file]).archived == 20


def test_an_archive_of_another_trail_is_not_this_ones(
    old: Engine, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/other.sqlite"
    database.upgrade(url)
    other = database.engine(url)
    add(other, 20, monkeypatch, days_ago=365)
    add(other, 1, monkeypatch)
    prune(other, tmp_path / "of-other", keys.signing_key())
    other.dispose()
    prune(old, folder, keys.signing_key())
    assert broken(old, archives_in(tmp_path / "of-other")) == 20


def test_a_broken_trail_is_not_pruned(old: Engine, folder: Path) -> None:
    as_its_admin(old, "UPDATE audit_records SET kind = 'sign-in' WHERE number = 9")
    with pytest.raises(TrailBroken) as found:
        prune(old, folder, keys.signing_key())
    assert found.value.number == 9
    assert numbers(old) == list(range(1, 31))
    assert archives_in(folder) == []


def test_a_trail_that_was_made_anew_under_its_head_is_not_pruned(old: Engine, folder: Path) -> None:
    as_its_admin(old, "UPDATE audit_heads SET hash = :hash", hash="0" * 64)
    with pytest.raises(TrailBroken):
        prune(old, folder, keys.signing_key())
    assert numbers(old)[0] == 1


def test_an_archive_that_a_killed_run_left_is_used(old: Engine, folder: Path) -> None:
    key = keys.signing_key()
    with database.sessions(old)() as session:
        left = archives.write(folder, reading.lines(session, 0, 12), (0, "0" * 64), key)
    (folder / "audit.partial").write_text("half of another")
    made = prune(old, folder, key)
    assert made[0] == left
    assert [(seal.first, seal.last) for seal in made] == [(1, 12), (13, 20)]
    assert whole(old, archives_in(folder)).archived == 20


def test_a_damaged_archive_that_was_left_is_made_anew(old: Engine, folder: Path) -> None:
    key = keys.signing_key()
    with database.sessions(old)() as session:
        archives.write(folder, reading.lines(session, 0, 20), (0, "0" * 64), key)
    (file,) = archives_in(folder)
    file.write_bytes(file.read_bytes()[:-40])
    prune(old, folder, key)
    assert whole(old, [file]).archived == 20


def test_two_that_prune_into_different_folders_do_not_break_the_trail(
    old: Engine, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, wrote = keys.signing_key(), archives.write

    def meanwhile(*arguments: object) -> Seal:
        made = wrote(*arguments)
        monkeypatch.setattr(archives, "write", wrote)
        prune(old, tmp_path / "other", key)
        return made

    monkeypatch.setattr(archives, "write", meanwhile)
    with pytest.raises(Refusal, match="by somebody else"):
        prune(old, folder, key, most=19)
    assert whole(old, archives_in(tmp_path / "other")).archived == 20
    with database.sessions(old)() as session:
        assert [seal.last for seal in seals.kept(session)] == [20]


PRUNER = """
import sys
from pathlib import Path
from provisioning.audit import keys
from provisioning.audit.retention import prune
from provisioning.registry import database
engine = database.engine(sys.argv[1])
print("begun", flush=True)
prune(engine, Path(sys.argv[2]), keys.signing_key(), most=25)
"""


def test_pruners_that_are_killed_at_any_time_lose_nothing(
    engine: Engine, registry_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(engine, 1500, monkeypatch, days_ago=365)
    add(engine, 1, monkeypatch)
    with database.sessions(engine)() as session:
        before = {line["number"]: line["hash"] for line in reading.lines(session)}
    killed = 0
    for pause in (0.0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5):
        pruner = subprocess.Popen(
            [sys.executable, "-c", PRUNER, registry_url, str(folder)], stdout=subprocess.PIPE
        )
        assert pruner.stdout is not None
        assert pruner.stdout.readline() == b"begun\n"
        time.sleep(pause)
        killed += pruner.poll() is None
        pruner.send_signal(signal.SIGKILL)
        pruner.wait()
        pruner.stdout.close()
        whole(engine)
    assert killed >= 3, "some were killed in the midst of it"
    prune(engine, folder, keys.signing_key(), most=25)
    with database.sessions(engine)() as session:
        sealed = seals.kept(session)
    files = [folder / archives.name(seal.first, seal.last) for seal in sealed]
    assert whole(engine, files).archived == 1500
    after = {}
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines()[:-1]:
            document = json.loads(line)
            after[document["number"]] = document["hash"]
    assert after == {number: hash for number, hash in before.items() if number <= 1500}


def test_the_least_is_half_a_year() -> None:
    assert retention.keep_days(1) == retention.LEAST_DAYS == 180
    assert retention.keep_days(400) == 400


def test_usage_and_access_are_read_in_archives_too_each_record_once(
    engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    detail = {"part": "engine", "container": "b" * 12, "seconds": 3600, "cpu_ms": 3_600_000}
    detail |= {"memory_mib_s": 0, "gpu_s": 3600, "counter_ms": 0}
    for days in (400, 1):
        with monkeypatch.context() as clock:
            moment = utc_now() - timedelta(days=days)
            clock.setattr(trail, "utc_now", lambda moment=moment: moment)
            with database.writing(engine) as session:
                who = {"user": "li-wei", "project": "heart", "time": moment}
                trail.record(session, "resource-use", source="hub", **who, detail=detail)
                # Not the hub's word, so it counts for nothing.
                trail.record(session, "resource-use", source="desk", **who, detail=detail)
                mounted = {"digest": "sha256:" + "0" * 64}
                trail.record(
                    session, "extract-mounted", source="hub", extract="bloods@1", **who, detail=mounted
                )
    with database.sessions(engine)() as session:
        half = archives.write(folder, reading.lines(session, 0, 2), (0, "0" * 64), keys.signing_key())

    def asked(*arguments: str, of: list[Path]) -> list[dict]:
        given = [part for file in of for part in ("--archive", str(file))]
        assert main(["audit", *arguments, *given, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    left_over = [folder / archives.name(half.first, half.last)]
    assert [row["gpu_hours"] for row in asked("usage", of=left_over)] == [2.0], "nothing is pruned yet"
    prune(engine, folder, keys.signing_key())
    files = archives_in(folder)
    assert len(files) == 2, "the one of before was used"
    assert [row["gpu_hours"] for row in asked("usage", of=[])] == [1.0]
    assert [row["gpu_hours"] for row in asked("usage", of=[*files, files[0]])] == [2.0]
    assert len(asked("access", "--extract", "bloods", of=[])) == 1
    assert len(asked("access", "--extract", "bloods", of=files)) == 2
    assert asked("access", "--extract", "blood", of=files) == []
    files[0].write_bytes(files[0].read_bytes().replace(b'"gpu_s":3600', b'"gpu_s":9999'))
    assert main(["audit", "usage", "--archive", str(files[0])]) == 1
    assert "Record 1 of the audit trail was changed" in capsys.readouterr().err


def test_a_projects_bag_has_its_pruned_records_or_says_where_they_are(
    old: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARREL_DATA", str(tmp_path / "data"))

    def extract() -> list[dict]:
        with database.sessions(old)() as session:
            return list(audit_extract(session, "心脏"))

    before = extract()
    prune(old, tmp_path / "data/audit", keys.signing_key(), most=15)
    assert extract() == before
    assert [each["number"] for each in before] == list(range(1, 31))
    with database.sessions(old)() as session:
        assert list(audit_extract(session, "other")) == []
    first, second = archives_in(tmp_path / "data/audit")
    second.rename(tmp_path / "away")
    found = extract()
    assert found[15]["archive"] == "audit-16-20.jsonl"
    assert [each["number"] for each in found[16:]] == list(range(21, 31))
    first.write_bytes(first.read_bytes().replace("心脏".encode(), "肺".encode(), 1))
    with pytest.raises(TrailBroken):
        extract()
