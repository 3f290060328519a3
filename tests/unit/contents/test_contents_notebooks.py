"""Notebooks: bounded parsing, the filter's place, what is saved, and the same after a round trip."""

from __future__ import annotations

import json
import time

import nbformat
import pytest
from contents_support import make_manager, notebook, notebook_model, unfiltered
from hypothesis import given, settings
from hypothesis import strategies as st
from tornado.web import HTTPError
from traitlets.config import Config

from export_guard import bounded_json
from export_guard.contents import notebooks
from export_guard.contents.manager import GuardedContentsManager
from export_guard.contents.problems import Refused

OUTPUTS = [
    {"output_type": "stream", "name": "stdout", "text": "one\ntwo\n\u2028three"},
    {
        "output_type": "display_data",
        "data": {"text/html": "<b>\n</b>", "image/png": "QUFB\n", "application/json": {"a": ["x", "y"]}},
        "metadata": {"image/png": {"width": 3}},
    },
    {"output_type": "execute_result", "execution_count": 3, "data": {"text/plain": "42"}, "metadata": {}},
    {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["a\nb", "c"]},
]


async def reason(awaitable) -> str:
    with pytest.raises(HTTPError) as caught:
        await awaitable
    return caught.value.reason


def full_notebook() -> dict:
    made = notebook(
        "a = 1\r\nb\n",
        "'中文🙂'",
        metadata={"kernelspec": {"name": "python3", "display_name": "P"}, "a": [1, [2]]},
    )
    made["cells"][0] |= {"outputs": OUTPUTS, "execution_count": 3}
    made["cells"].append(
        {"cell_type": "markdown", "id": "m", "metadata": {"tags": ["x"]}, "source": "# 说明\n"}
    )
    made["cells"].append({"cell_type": "raw", "id": "r", "metadata": {}, "source": ""})
    return made


async def test_a_notebook_is_the_same_after_saving_and_opening(manager, workspace):
    saved = await manager.save(notebook_model(full_notebook()), "a.ipynb")
    opened = await manager.get("a.ipynb", require_hash=True)
    assert opened["content"] == full_notebook()
    assert (opened["type"], opened["format"], opened["mimetype"]) == ("notebook", "json", None)
    assert saved["last_modified"] == opened["last_modified"]
    first = (workspace / "a.ipynb").read_bytes()
    await manager.save(notebook_model(opened["content"]), "a.ipynb")
    assert (workspace / "a.ipynb").read_bytes() == first


def test_what_is_written_is_what_nbformat_writes(manager, workspace):
    made = full_notebook()
    assert (
        notebooks.serialise(notebooks.checked(made)).decode()
        == nbformat.writes(nbformat.from_dict(made)) + "\n"
    )
    nbformat.validate(nbformat.reads(notebooks.serialise(notebooks.checked(made)).decode(), as_version=4))


async def test_notebooks_of_earlier_versions_are_opened_as_version_4(manager, workspace):
    cell = {"cell_type": "code", "input": ["1 + 1"], "language": "python", "outputs": [], "collapsed": False}
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": "x"}, "worksheets": [{"cells": [cell]}]}
    (workspace / "old.ipynb").write_text(json.dumps(old))
    content = (await manager.get("old.ipynb"))["content"]
    assert (content["nbformat"], content["cells"][0]["source"]) == (4, "1 + 1")


async def test_no_mark_of_trust_comes_from_or_gets_to_the_disk(manager, workspace):
    made = full_notebook()
    made["metadata"]["signature"] = "sha256:x"
    for cell in made["cells"]:
        cell["metadata"]["trusted"] = True
    (workspace / "a.ipynb").write_text(json.dumps(made))
    opened = (await manager.get("a.ipynb"))["content"]
    assert "trusted" not in json.dumps(opened)
    assert "signature" not in opened["metadata"]
    await manager.save(notebook_model(made), "b.ipynb")
    assert "trusted" not in (workspace / "b.ipynb").read_text()
    assert await reason(manager.trust_notebook("a.ipynb")) == "trust"


async def test_every_notebook_passes_the_filter_before_it_is_shown(tmp_path):
    seen = []

    def withheld(nb):
        seen.append(nb)
        return nb | {"cells": [cell | {"outputs": []} for cell in nb["cells"]]}

    manager = make_manager(tmp_path, filter_notebook=withheld)
    made = notebook("1")
    made["cells"][0]["outputs"] = OUTPUTS
    (tmp_path / "workspace/a.ipynb").write_text(json.dumps(made))
    for kind in (None, "notebook"):
        assert (await manager.get("a.ipynb", type=kind))["content"]["cells"][0]["outputs"] == []
    assert len(seen) == 2
    await manager.get("a.ipynb", content=False, require_hash=True)
    await manager.get("")
    assert len(seen) == 2


async def test_a_notebook_of_which_the_filter_took_typed_text_is_not_saved_over(tmp_path):
    def emptied(nb):
        return nb | {"cells": [cell | {"source": cell["source"].replace("huge", "")} for cell in nb["cells"]]}

    manager = make_manager(tmp_path, filter_notebook=emptied)
    for source, writable in (("huge", False), ("huge and more", True), ("", True)):
        (tmp_path / "workspace/a.ipynb").write_text(json.dumps(notebook(source)))
        assert (await manager.get("a.ipynb"))["writable"] is writable
    manager.filter_notebook = lambda nb: nb | {"cells": nb["cells"][1:]}
    assert (await manager.get("a.ipynb"))["writable"] is False


async def test_the_filter_of_outputs_is_the_default(tmp_path):
    pytest.importorskip("export_guard.outputs.notebook")
    answers = []
    (tmp_path / "workspace").mkdir()
    manager = GuardedContentsManager(
        root_dir=str(tmp_path / "workspace"),
        report_filtered=answers.append,
        config=Config({"DeskCheckpoints": {"folder": str(tmp_path / "checkpoints")}}),
    )
    made = notebook("1")
    script = {"text/html": "<script>alert(1)</script><b>bold</b>", "text/plain": "bold"}
    made["cells"][0]["outputs"] = [{"output_type": "display_data", "data": script, "metadata": {}}]
    await manager.save(notebook_model(made), "a.ipynb")
    shown = (await manager.get("a.ipynb"))["content"]
    assert shown["cells"][0]["source"] == "1"
    assert "bold" in json.dumps(shown)
    assert "alert" not in json.dumps(shown)
    assert len(answers) == 1
    assert answers[0].notebook is shown


async def test_a_filter_that_fails_shows_nothing(tmp_path):
    def broken(_):
        raise ZeroDivisionError

    manager = make_manager(tmp_path, filter_notebook=broken)
    (tmp_path / "workspace/a.ipynb").write_text(json.dumps(notebook("1")))
    with pytest.raises(ZeroDivisionError):
        await manager.get("a.ipynb")


CELL = {"cell_type": "code", "metadata": {}, "source": "", "outputs": [], "execution_count": None}


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"not JSON",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe{\x00}\x00",
        '{"nbformat": 4}'.encode("utf-16"),
        b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []',
        *(
            json.dumps(notebook() | change).encode()
            for change in (
                {"nbformat": 5},
                {"nbformat": "4"},
                {"nbformat": True},
                {"nbformat": 3},
                {"nbformat": 0},
                {"nbformat": -1},
                {"nbformat_minor": None},
                {"metadata": []},
                {"cells": {}},
                {"cells": [1]},
                {"cells": [{}]},
                {"cells": [CELL | {"cell_type": "html"}]},
                {"cells": [CELL | {"cell_type": ["code"]}]},
                {"cells": [CELL | {"source": 1}]},
                {"cells": [CELL | {"source": ["a", 1]}]},
                {"cells": [CELL | {"metadata": None}]},
                {"cells": [CELL | {"outputs": {}}]},
                {"cells": [CELL | {"outputs": ["x"]}]},
                {"cells": [CELL | {"outputs": [{"output_type": 1}]}]},
                {"cells": [CELL | {"attachments": ["x"]}]},
                {"cells": [CELL | {"attachments": {"x": "y"}}]},
            )
        ),
        b'{"a": ' + b"9" * 10_000 + b"}",
    ],
)
async def test_what_is_no_notebook_is_refused_with_a_line(manager, workspace, document):
    (workspace / "a.ipynb").write_bytes(document)
    assert await reason(manager.get("a.ipynb")) == "not-notebook"


def padded(content: bytes) -> bytes:
    return b'{"nbformat": 4, "nbformat_minor": 5, "cells": [], "metadata": {"a": ' + content + b"}}"


HOSTILE = {
    "lists": (padded(b"[" + b"[]," * (4 << 20) + b"[]]"), "too-complex"),
    "objects": (padded(b"[" + b"{}," * (4 << 20) + b"{}]"), "too-complex"),
    "numbers": (padded(b"[" + b"1," * (7 << 20) + b"1]"), "too-complex"),
    "strings": (padded(b"[" + b'"",' * (4 << 20) + b'""]'), "too-complex"),
    "depth": (padded(b"[" * 5_000_000 + b"]" * 5_000_000), "too-complex"),
    "depth of 60": (padded(b"[" * 60 + b"]" * 60), "too-complex"),
    "depth of 900": (padded(b'{"a":' * 900 + b"1" + b"}" * 900), "too-complex"),
    "unclosed quotes": (padded(b'"' + b'\\"' * (7 << 20)), "not-notebook"),
    "quotes": (b'"a"' * (5 << 20), "not-notebook"),
    "commas in strings": (padded(b'"' + b"\\u002c," * (2 << 20) + b'"'), ""),
    "too large": (padded(b'"' + b"a" * (16 << 20) + b'"'), "too-large-shown"),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_notebooks_cost_neither_time_nor_memory(manager, workspace, name):
    data, wanted = HOSTILE[name]
    (workspace / "a.ipynb").write_bytes(data)
    started = time.perf_counter()
    if wanted:
        assert await reason(manager.get("a.ipynb")) == wanted
    else:
        assert (await manager.get("a.ipynb"))["content"]["cells"] == []
    assert time.perf_counter() - started < 5


def test_structure_cannot_be_hidden_from_the_count():
    for data in (
        b'["\\\\",' + b"[]," * 100 + b"1]",
        b'["\\"",' + b"[]," * 100 + b"1]",
        b'["a\\\\\\"",' + b"1," * 100 + b"1]",
    ):
        json.loads(data)
        with pytest.raises(bounded_json.TooMany):
            bounded_json.parse(data, parts=50, depth=10)
        bounded_json.parse(data, parts=202, depth=10)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=40,
)


def parts_of(value) -> int:
    if isinstance(value, dict):
        return 1 + sum(map(parts_of, value.values()))
    return 1 + sum(map(parts_of, value)) if isinstance(value, list) else 1


@settings(max_examples=300, deadline=None)
@given(JSON, st.booleans())
def test_the_count_is_never_less_than_the_values(document, ascii_only):
    data = json.dumps(document, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    count = parts_of(document)
    assert count < 2 or bounded_json.more_parts_than(count - 2, data)
    # Empty lists and objects count once more: they open and hold nothing.
    assert not bounded_json.more_parts_than(2 * count + 1, data)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_parsed_or_refused(data):
    try:
        made = notebooks.parse(data)
    except Refused:
        return
    assert notebooks.parse(notebooks.serialise(made)) == made


async def test_not_a_number_is_shown_as_null_since_browsers_refuse_it(manager, workspace):
    (workspace / "a.ipynb").write_bytes(padded(b"[NaN, Infinity, -Infinity]"))
    assert (await manager.get("a.ipynb"))["content"]["metadata"]["a"] == [None, None, None]
    assert (
        await reason(manager.save(notebook_model(notebook(metadata={"a": float("nan")})), "b.ipynb"))
        == "content"
    )


async def test_a_notebook_as_text_is_text(manager, workspace):
    (workspace / "a.ipynb").write_text("not a notebook")
    assert (await manager.get("a.ipynb", type="file", format="text"))["content"] == "not a notebook"


async def test_a_cell_holds_what_a_person_types_and_no_more(manager):
    await manager.save(notebook_model(notebook("a" * 256 * 1024)), "a.ipynb")
    assert (
        await reason(manager.save(notebook_model(notebook("a" * (256 * 1024 + 1))), "a.ipynb"))
        == "large-cell"
    )
    assert await reason(manager.save(notebook_model(notebook("汉" * 90_000)), "a.ipynb")) == "large-cell"


async def test_metadata_is_no_place_for_files(manager):
    large = {"a": "x" * 70_000}
    made = notebook("a")
    made["cells"][0]["metadata"] = large
    assert await reason(manager.save(notebook_model(made), "a.ipynb")) == "large-metadata"
    await manager.save(notebook_model(notebook("a", metadata=large)), "a.ipynb")
    huge = {"a": "x" * (1 << 20)}
    assert (
        await reason(manager.save(notebook_model(notebook("a", metadata=huge)), "a.ipynb"))
        == "large-metadata"
    )


async def test_an_attachment_stays_but_none_comes(manager, workspace):
    attached = {"cell_type": "markdown", "id": "m", "metadata": {}, "source": "![](attachment:a.png)"}
    attached["attachments"] = {"a.png": {"image/png": "QUFB"}}
    with_it = notebook("x") | {"cells": [attached]}
    assert await reason(manager.save(notebook_model(with_it), "a.ipynb")) == "attachment"
    assert list(workspace.iterdir()) == []
    # A template or a kernel put it there.
    (workspace / "a.ipynb").write_text(json.dumps(with_it))
    opened = (await manager.get("a.ipynb"))["content"]
    opened["cells"].append(CELL | {"id": "n", "source": "1"})
    await manager.save(notebook_model(opened), "a.ipynb")
    assert await reason(manager.save(notebook_model(opened), "b.ipynb")) == "attachment"
    opened["cells"][0]["attachments"]["b.png"] = {"image/png": "QUFB"}  # the same under another name
    await manager.save(notebook_model(opened), "a.ipynb")
    opened["cells"][0]["attachments"]["c.png"] = {"image/png": "QUFC"}
    assert await reason(manager.save(notebook_model(opened), "a.ipynb")) == "attachment"


async def test_another_check_can_be_put_in(tmp_path):
    seen = []

    def check(nb, previous):
        seen.append((nb["cells"][0]["source"], previous()))
        if nb["cells"][0]["source"] == "no":
            raise Refused("upload")

    manager = make_manager(tmp_path, check_saved=check)
    await manager.save(notebook_model(notebook("yes")), "a.ipynb")
    assert await reason(manager.save(notebook_model(notebook("no")), "a.ipynb")) == "upload"
    assert seen[0] == ("yes", None)
    assert [cell["source"] for cell in seen[1][1]["cells"]] == ["yes", "yes"]


async def test_half_a_surrogate_pair_in_an_output_does_not_keep_a_notebook_from_being_saved(manager):
    made = notebook("1")
    made["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "a\ud83d"}]
    await manager.save(notebook_model(made), "a.ipynb")
    assert (await manager.get("a.ipynb"))["content"]["cells"][0]["outputs"][0]["text"] == "a?"


async def test_what_was_saved_can_be_opened_again_however_many_lines_it_has(manager, workspace):
    made = notebook("1")
    made["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "\n" * 1_000_000}]
    await manager.save(notebook_model(made), "a.ipynb")
    assert (await manager.get("a.ipynb"))["content"] == made
    made["cells"][0]["outputs"] = [{"output_type": "x", "numbers": [1] * 700_000}]
    with pytest.raises(HTTPError, match=r"“a\.ipynb” holds too many"):
        await manager.save(notebook_model(made), "a.ipynb")
    deep: list = []
    for _ in range(100):
        deep = [deep]
    made["cells"][0]["outputs"] = [{"output_type": "x", "deep": deep}]
    assert await reason(manager.save(notebook_model(made), "a.ipynb")) == "too-complex"


async def test_saving_does_not_change_what_it_was_given(manager):
    made, same = full_notebook(), full_notebook()
    await manager.save(notebook_model(made), "a.ipynb")
    assert made == same
    assert unfiltered(made) is made
