from __future__ import annotations

import hashlib
import hmac
import os
import signal
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from provisioning.extracts.manifest import verify
from provisioning.extracts.record import record
from provisioning.extracts.register import Registered, register
from provisioning.gate import transforms
from provisioning.gate.overrides import override
from provisioning.gate.policy import read_policy, read_ready, ready_policies
from provisioning.lined_yaml import FileRefused
from provisioning.refusal import Refusal
from provisioning.registry.access import granted_extracts
from provisioning.registry.grants import add_grant
from provisioning.registry.models import Account, ExtractStatus, GateOverride, Role

HEAD = "name: notes\ntitle: {en: Notes, zh: 记录}\nsource: a test\nlicence: CC0-1.0\n"


class Site:
    """A source folder, its dictionary and policy, made from columns by name: (type, treatment)."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "source"
        self.folder.mkdir()
        self.keys = root / "keys"
        self.keys.mkdir(mode=0o700, exist_ok=True)

    def describe(self, columns: dict[str, tuple[str, str]], *more: str, file: str = "t.csv") -> None:
        lines = [
            f"      {name}: {{type: {kind}, title: {{en: a, zh: 甲}}}}" for name, (kind, _) in columns.items()
        ]
        (self.folder / "dictionary.yaml").write_text(
            HEAD
            + f"tables:\n  t:\n    file: {file}\n    title: {{en: T, zh: 表}}\n    columns:\n"
            + "\n".join(lines)
        )
        treated = [f"      {name}: {treatment}" for name, (_, treatment) in columns.items()]
        (self.folder / "policy.yaml").write_text(
            "\n".join(["tables:", "  t:", *(f"    {line}" for line in more), "    columns:", *treated])
        )

    def register(self, project: str | None = None) -> Registered:
        return register(
            self.folder,
            self.folder / "dictionary.yaml",
            self.folder / "policy.yaml",
            self.root / "data" / "extracts",
            project=project,
        )

    def refused(self, **how: Any) -> str:
        with pytest.raises(Refusal) as caught:
            self.register(**how)
        assert [path.name for path in self.root.glob("data/extracts/*/*")] in ([], [".lock"])
        return str(caught.value)

    def rows(self, made: Registered) -> list[tuple[Any, ...]]:
        return duckdb.sql(f"SELECT * FROM '{self.root}/data/extracts/{made.folder}/t.parquet'").fetchall()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("CARREL_KEYS", str(tmp_path / "keys"))
    return Site(tmp_path)


def holding(made: Registered) -> list[tuple[str, str | None, str | None]]:
    return [
        (one["rule"], one["kind"], one["column"])
        for one in made.manifest.document["gate"]["findings"]
        if one["severity"] == "blocking"
    ]


@given(key=st.binary(min_size=32, max_size=32), value=st.text(st.characters(exclude_categories=["Cs"])))
def test_a_pseudonym_is_hmac_sha_256(key: bytes, value: str) -> None:
    with duckdb.connect() as connection:
        transforms.use_key(connection, key)
        query = f"SELECT {transforms.hmac_sql('pid', '$value')}"
        ((made,),) = connection.execute(query, {"value": value}).fetchall()
    assert made == hmac.new(key, b"pid\x1f" + value.encode(), hashlib.sha256).hexdigest()


PATIENTS = {
    "mrn": ("string", "pseudonymise"),
    "name": ("string", "drop"),
    "admitted": ("date", "shift_dates"),
    "left": ("date", "shift_dates"),
}


def write_patients(place: Site) -> None:
    place.describe(PATIENTS, "patient: mrn")
    lines = [f"M{n % 40:05},张三,2020-01-0{1 + n % 9},2020-02-01" for n in range(80)]
    (place.folder / "t.csv").write_text("mrn,name,admitted,left\n" + "\n".join(lines) + "\n")


def test_pseudonyms_differ_between_projects_and_dates_keep_their_intervals(place: Site) -> None:
    write_patients(place)
    heart, lung = (place.register(project=name) for name in ("heart", "lung"))
    assert heart.manifest.verified, holding(heart)
    one, two = place.rows(heart), place.rows(lung)
    assert {row[0] for row in one}.isdisjoint({row[0] for row in two})
    assert len({row[0] for row in one}) == 40
    assert all(row[0] != f"M{n % 40:05}" for n, row in enumerate(one))
    admitted = [row[1] for row in one]
    left = [row[2] for row in one]
    for n, (start, end) in enumerate(zip(admitted, left, strict=True)):
        assert (end - start).days == (date(2020, 2, 1) - date(2020, 1, 1 + n % 9)).days
        assert start != date(2020, 1, 1 + n % 9)
    shifted: dict[str, set[Any]] = {}
    for row, end in zip(one, left, strict=True):
        shifted.setdefault(row[0], set()).add(end - date(2020, 2, 1))
    assert all(len(found) == 1 for found in shifted.values())
    assert len({next(iter(found)) for found in shifted.values()}) > 20


def test_a_key_is_made_once_for_its_owner_alone_outside_the_data(
    place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_patients(place)
    assert "--project NAME" in place.refused()
    place.register(project="heart")
    key = place.keys / "projects" / "heart.key"
    assert (key.stat().st_mode & 0o777, key.stat().st_size) == (0o600, 32)
    before = key.read_bytes()
    assert not place.register(project="heart").made
    assert key.read_bytes() == before
    key.chmod(0o640)
    with pytest.raises(Refusal, match="can be read by others"):
        place.register(project="heart")
    key.chmod(0o600)
    key.write_bytes(b"short")
    with pytest.raises(Refusal, match="is damaged"):
        place.register(project="heart")
    monkeypatch.setenv("CARREL_KEYS", str(place.root / "data" / "keys"))
    with pytest.raises(Refusal, match="lies in the data folder"):
        place.register(project="heart")


@pytest.mark.parametrize(
    ("column", "value", "kind"),
    [
        ("remark", "患者张伟,住院号123456,电话13812345678", "mobile-phone"),
        ("remark", "身份证 １１０１０１１９９００３０７７７５８", "resident-id"),
        ("remark", "write to li.wei@example.com", "email"),
        ("colour", "138 1234 5678", "mobile-phone"),
    ],
)
def test_an_identifier_in_a_kept_column_holds_the_extract_and_is_never_told(
    place: Site, column: str, value: str, kind: str
) -> None:
    place.describe({column: ("string", "keep")})
    (place.folder / "t.csv").write_text(f'{column}\n"{value}"\nnothing\n')
    made = place.register()
    assert not made.manifest.verified
    assert ("identifier-content", kind, column) in holding(made)
    gate = str(made.manifest.document["gate"])
    assert value.strip() not in gate
    assert "[1]" in gate


def test_a_renamed_column_of_telephone_numbers_holds_the_extract(place: Site) -> None:
    place.describe({"colour": ("integer", "keep")})
    (place.folder / "t.csv").write_text(
        "colour\n" + "\n".join(str(13812340000 + 37 * n) for n in range(60)) + "\n"
    )
    assert ("identifier-content", "mobile-phone", "colour") in holding(place.register())


def test_a_redacted_note_holds_no_identifier_and_passes(place: Site) -> None:
    place.describe({"note": ("string", "redact")})
    (place.folder / "t.csv").write_text('note\n"联系电话13812345678,发热三天"\n"cough"\n')
    made = place.register()
    assert made.manifest.verified, holding(made)
    assert place.rows(made) == [("联系电话[mobile-phone],发热三天",), ("cough",)]


def test_a_name_in_a_column_that_says_so_holds_though_it_is_said_to_be_kept(place: Site) -> None:
    place.describe({"patient_name": ("string", "keep")})
    (place.folder / "t.csv").write_text(
        "patient_name\n" + "\n".join(["王小明", "李建国", "张秀英"] * 5) + "\n"
    )
    assert ("identifier-name", "person-name", "patient_name") in holding(place.register())


QUASI = {
    "sex": ("string", "keep"),
    "age": ("integer", "{generalise: age_bands, width: 10}"),
    "d": ("string", "keep"),
}


@pytest.mark.parametrize(
    ("lines", "rules"),
    [
        (["F,41,a", "F,42,b", "F,43,a", "F,44,a", "F,49,a"], []),
        (["F,41,a", "F,42,b", "F,43,a", "F,44,a"], ["k-anonymity"]),
        (["F,41,a", "F,42,a", "F,43,a", "F,44,a", "F,49,a"], ["l-diversity"]),
        (["F,91,a", "F,99,b", "F,103,a", "F,90,a", "F,95,a"], []),
    ],
)
def test_k_anonymity_and_l_diversity_are_those_of_the_output(
    place: Site, lines: list[str], rules: list[str]
) -> None:
    place.describe(QUASI, "quasi_identifiers: [sex, age]", "sensitive: [d]")
    (place.folder / "t.csv").write_text("sex,age,d\n" + "\n".join(lines) + "\n")
    assert [rule for rule, _, _ in holding(place.register())] == rules


def test_one_persons_rows_hide_nobody(place: Site) -> None:
    place.describe(
        {"who": ("integer", "keep"), "sex": ("string", "keep")}, "patient: who", "quasi_identifiers: [sex]"
    )
    (place.folder / "t.csv").write_text("who,sex\n" + "1,F\n" * 50)
    made = place.register()
    (finding,) = [one for one in made.manifest.document["gate"]["findings"] if one["rule"] == "k-anonymity"]
    assert (finding["count"], finding["positions"]) == (1, [1])


def test_treatments_do_what_they_say(place: Site) -> None:
    place.describe(
        {
            "w": ("integer", "{round: 5}"),
            "h": ("number", "{cap: {least: 100, most: 200}}"),
            "area": ("string", "{generalise: prefix, characters: 2}"),
            "job": ("string", "{generalise: list, groups: {health: [nurse, doctor]}, other: rest}"),
            "born": ("date", "{generalise: year}"),
        },
        "quasi_identifiers: [area]",
    )
    (place.folder / "t.csv").write_text(
        "w,h,area,job,born\n"
        + "62,99.5,330106,nurse,1980-05-06\n,250,330212,smith,\n"
        + "64,,330212,,1981-01-01\n" * 3
    )
    made = place.register()
    assert place.rows(made)[:3] == [
        (60, 100.0, "33", "health", 1980),
        (None, 200.0, "33", "rest", None),
        (65, None, "33", None, 1981),
    ]


@pytest.mark.parametrize(
    ("before", "after", "line", "said"),
    [
        ("sex: keep", "sex: hide", 6, "sex must be one of keep"),
        ("sex: keep", "sex: {round: 0}", 6, "round must be more than 0"),
        ("width: 10", "width: 7", 7, "top must be a multiple"),
        ("width: 10", "width: 10, top: 100", 7, "top must be at most 90"),
        ("[sex, age]", "[sex, height]", 3, "height is not among the columns"),
        ("d: keep", "d: shift_dates", 8, "cannot be shifted: say with patient"),
        ("tables:", "k: 1\ntables:", 1, "k must be a whole number from 2"),
        ("tables:", "extends: fully-de-identified\nk: 3\ntables:", 2, "k is less than 5"),
        ("tables:", "extends: mine\ntables:", 1, "extends must be one of"),
    ],
)
def test_a_fault_in_a_policy_has_its_line(place: Site, before: str, after: str, line: int, said: str) -> None:
    place.describe(QUASI, "quasi_identifiers: [sex, age]", "sensitive: [d]")
    path = place.folder / "policy.yaml"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    with pytest.raises(FileRefused, match=said) as caught:
        read_policy(path)
    assert caught.value.line == line


def test_a_policy_cannot_explain_a_direct_identifier(place: Site) -> None:
    place.describe({"x": ("string", "keep")}, "expected: {x: {rules: [resident-id], reason: why not}}")
    with pytest.raises(FileRefused, match="only overridden by a second person"):
        read_policy(place.folder / "policy.yaml")


def test_a_column_that_the_policy_does_not_name_is_refused(place: Site) -> None:
    place.describe({"a": ("string", "keep"), "b": ("string", "keep")})
    (place.folder / "t.csv").write_text("a,b\n1,2\n")
    path = place.folder / "policy.yaml"
    path.write_text(path.read_text().replace("      b: keep", ""))
    assert "b of t is not in the policy" in place.refused()


def test_the_ready_policies_are_read_and_the_safe_harbour_forbids_shifting(place: Site) -> None:
    assert ready_policies() == ("fully-de-identified", "limited-data-set")
    assert all(read_ready(name).clauses for name in ready_policies())
    write_patients(place)
    path = place.folder / "policy.yaml"
    path.write_text("extends: fully-de-identified\n" + path.read_text())
    assert "fully-de-identified forbids shift_dates" in place.refused(project="heart")


def test_a_workbook_is_read_and_formulas_are_refused(place: Site) -> None:
    place.describe({"n": ("integer", "keep"), "word": ("string", "keep")}, file="t.xlsx")
    book = openpyxl.Workbook()
    for row in (("n", "word"), (1, "red"), (2, None)):
        book.active.append(row)
    book.save(place.folder / "t.xlsx")
    assert place.rows(place.register()) == [(1, "red"), (2, None)]
    book.active.append((3, '=HYPERLINK("http://x","y")'))
    book.save(place.folder / "t.xlsx")
    with pytest.raises(Refusal, match="has a formula or an error in row 4"):
        place.register()


def test_a_workbook_that_unpacks_to_far_more_is_refused(place: Site) -> None:
    place.describe({"n": ("integer", "keep")}, file="t.xlsx")
    with zipfile.ZipFile(place.folder / "t.xlsx", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * (64 << 20))
    assert "unpacks to far more" in place.refused()


def test_parquet_and_texts_and_gb18030_are_read(place: Site) -> None:
    place.describe({"n": ("integer", "keep"), "word": ("string", "keep")}, file="t.parquet")
    duckdb.sql(f"COPY (SELECT 1 AS n, 'red' AS word) TO '{place.folder}/t.parquet'")
    assert place.rows(place.register()) == [(1, "red")]
    (place.folder / "t.parquet").unlink()
    place.describe({"file": ("string", "keep"), "text": ("string", "redact")}, file='"notes/*.txt"')
    (place.folder / "notes").mkdir()
    (place.folder / "notes" / "a.txt").write_text("手机13812345678", encoding="utf-8")
    assert place.rows(place.register()) == [("a", "手机[mobile-phone]")]
    (place.folder / "notes" / "a.txt").unlink()
    (place.folder / "notes").rmdir()
    place.describe({"词": ("string", "keep")})
    (place.folder / "t.csv").write_bytes("词\n红色\n".encode("gb18030"))
    with pytest.raises(Refusal, match="is not in UTF-8"):
        place.register()
    path = place.folder / "dictionary.yaml"
    path.write_text(path.read_text().replace("file: t.csv", "file: t.csv\n    encoding: gb18030"))
    assert place.rows(place.register()) == [("红色",)]


def test_a_link_in_the_source_is_refused(place: Site) -> None:
    place.describe({"a": ("string", "keep")})
    (place.root / "elsewhere.csv").write_text("a\n1\n")
    (place.folder / "t.csv").symlink_to(place.root / "elsewhere.csv")
    assert "t.csv is a link" in place.refused()


def test_a_huge_cell_and_ragged_rows_are_refused(place: Site) -> None:
    place.describe({"a": ("string", "keep"), "b": ("string", "keep")})
    for content in ("a,b\n" + "x" * 200_000 + ",1\n", "a,b\n1\n", "a,b\n1,2,3\n"):
        (place.folder / "t.csv").write_text(content)
        assert "is not CSV at line" in place.refused()


# Held extracts


@pytest.fixture
def held(place: Site, site: Session) -> Registered:
    place.describe({"colour": ("string", "keep")})
    (place.folder / "t.csv").write_text("colour\nwrite to li.wei@example.com\nred\n")
    site.add(Account(name="sun-yan", display_name="孙岩", roles={Role.REVIEWER}))
    site.commit()
    return place.register()


def test_a_held_extract_is_not_granted_until_a_second_person_overrides(
    place: Site, site: Session, held: Registered
) -> None:
    root = place.root / "data" / "extracts"
    extract = record(site, held, "zhao-lei")
    assert extract.status is ExtractStatus.HELD
    with pytest.raises(Refusal, match="is held by the extract gate"):
        add_grant(site, "heart", "notes@1")
    (finding,) = [
        one["id"] for one in held.manifest.document["gate"]["findings"] if one["severity"] == "blocking"
    ]
    why = "the public address of the paint factory"
    for by, said in (("zhao-lei", "somebody else"), ("li-wei", "may not override"), ("nobody", "no account")):
        with pytest.raises(Refusal, match=said):
            override(site, extract, finding, why, by, root)
    with pytest.raises(Refusal, match="reason"):
        override(site, extract, finding, "ok", "sun-yan", root)
    with pytest.raises(Refusal, match="is not a finding"):
        override(site, extract, "00000000", why, "sun-yan", root)
    assert override(site, extract, finding, why, "sun-yan", root) == []
    assert extract.status is ExtractStatus.VERIFIED
    manifest = verify(root / extract.folder, extract.digest)
    (kept,) = manifest.document["gate"]["overrides"]
    assert (manifest.verified, kept["by"], kept["reason"]) == (True, "sun-yan", why)
    add_grant(site, "heart", "notes@1")
    assert {one.name for one in granted_extracts(site, "heart")} == {"bloods", "notes"}
    again = place.register()
    assert (again.made, record(site, again).id) == (False, extract.id)


def test_an_override_cut_short_after_the_manifest_is_finished_by_the_next(
    place: Site, site: Session, held: Registered
) -> None:
    root = place.root / "data" / "extracts"
    extract = record(site, held, "zhao-lei")
    site.commit()
    (finding,) = [
        one["id"] for one in held.manifest.document["gate"]["findings"] if one["severity"] == "blocking"
    ]
    override(site, extract, finding, "a code of the paint factory", "sun-yan", root)
    site.rollback()
    site.refresh(extract)
    assert extract.status is ExtractStatus.HELD
    assert site.query(GateOverride).count() == 0
    override(site, extract, finding, "a code of the paint factory", "sun-yan", root)
    verify(root / extract.folder, extract.digest)
    assert extract.status is ExtractStatus.VERIFIED


def test_an_extract_is_granted_to_the_project_alone_whose_key_made_it(place: Site, site: Session) -> None:
    write_patients(place)
    record(site, place.register(project="lung"))
    with pytest.raises(Refusal, match="made with the key of the project lung"):
        add_grant(site, "heart", "notes@1")
    assert add_grant(site, "lung", "notes@1").project == "lung"


def test_a_second_version_leaves_a_project_on_what_it_was_granted(place: Site, site: Session) -> None:
    place.describe({"colour": ("string", "keep")})
    (place.folder / "t.csv").write_text("colour\nred\n")
    record(site, place.register())
    add_grant(site, "heart", "notes@1")
    (place.folder / "t.csv").write_text("colour\ngreen\n")
    record(site, place.register())
    assert {(one.name, one.version) for one in granted_extracts(site, "heart")} == {
        ("bloods", 1),
        ("notes", 1),
    }
    add_grant(site, "heart", "notes@2")
    assert ("notes", 2) in {(one.name, one.version) for one in granted_extracts(site, "heart")}


KILLED = """
import os, signal, sys
from pathlib import Path
from provisioning.extracts import register as module
from provisioning.gate import pipeline, sources, transforms, verification

def die(*given, **named):
    os.kill(os.getpid(), signal.SIGKILL)

where, name = sys.argv[1].split(".")
setattr({"sources": sources, "pipeline": pipeline, "transforms": transforms, "verification": verification}[where], name, die)
folder = Path(sys.argv[2])
module.register(folder, folder / "dictionary.yaml", folder / "policy.yaml", Path(sys.argv[3]), project="heart")
"""


@pytest.mark.parametrize(
    "step",
    [
        "transforms.use_key",
        "sources.stage",
        "pipeline.convert",
        "verification.verify_table",
        "verification.verify_files",
    ],
)
def test_killed_at_any_step_of_the_gate_nothing_staged_is_left(place: Site, step: str) -> None:
    write_patients(place)
    root = place.root / "data" / "extracts"
    died = subprocess.run(
        [sys.executable, "-c", KILLED, step, str(place.folder), str(root)], check=False, env=os.environ
    )
    assert died.returncode == -signal.SIGKILL
    assert not (root / "notes" / "v1").exists()
    made = place.register(project="heart")
    verify(root / made.folder, made.manifest.digest)
    assert sorted(path.name for path in (root / "notes").iterdir()) == [".lock", "v1"]
