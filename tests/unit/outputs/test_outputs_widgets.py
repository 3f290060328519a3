"""Widgets: ipywidgets' own models work, others do not, and no state carries markup or media."""

from __future__ import annotations

import json
import re
from typing import Any

import comm
import ipywidgets
import pytest
from outputs_made import PIXEL_BYTES, SECRET, displayed, message
from outputs_strict import assert_inert_html, vectors

from export_guard.outputs import DEFAULTS, WireState, filter_reply
from export_guard.outputs.comms import CONTROL
from export_guard.outputs.widget_models import STATES, VIEWS

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
LEFT_OUT = {
    "AudioModel",
    "VideoModel",
    "FileUploadModel",
    "ControllerModel",
    "ControllerAxisModel",
    "ControllerButtonModel",
}


class Recorder(comm.base_comm.BaseComm):
    """Keeps what ipywidgets publishes, as the messages that a kernel sends."""

    sent: list[dict[str, Any]] = []  # noqa: RUF012 (shared on purpose: ipywidgets makes the instances)

    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
        content = json.loads(json.dumps({"comm_id": self.comm_id, "data": data or {}, **keys}))
        made = message(msg_type, content, metadata=metadata or {}, buffers=list(buffers or ()))
        Recorder.sent.append(made)


@pytest.fixture
def sent(monkeypatch):
    Recorder.sent = []
    monkeypatch.setattr(comm, "create_comm", Recorder)
    monkeypatch.setattr(ipywidgets.widgets.widget, "comm", comm, raising=False)
    return Recorder.sent


def passed(sent: list[dict[str, Any]], state: WireState) -> list[dict[str, Any]]:
    """The contents that pass; asserts that all of them do."""
    outcomes = [filter_reply("iopub", made, DEFAULTS, state) for made in sent]
    assert [outcome.withheld for outcome in outcomes] == [()] * len(sent)
    return [outcome.message["content"] for outcome in outcomes]


def opening(
    model: str, state: dict[str, Any] | None = None, comm_id: str = "c1", **parts: Any
) -> dict[str, Any]:
    own = {
        "_model_name": model,
        "_model_module": "@jupyter-widgets/controls",
        "_view_name": VIEWS.get(model),
        "_view_module": "@jupyter-widgets/controls",
        **(state or {}),
    }
    content = {
        "comm_id": comm_id,
        "target_name": "jupyter.widget",
        "data": {"state": own, "buffer_paths": parts.pop("paths", [])},
    }
    return message("comm_open", content, metadata={"version": "2.1.0"}, **parts)


def updating(state: dict[str, Any], comm_id: str = "c1", **parts: Any) -> dict[str, Any]:
    data = {"method": "update", "state": state, "buffer_paths": parts.pop("paths", [])}
    return message("comm_msg", {"comm_id": comm_id, "data": data}, **parts)


def filtered(made: dict[str, Any], state: WireState) -> dict[str, Any] | None:
    outcome = filter_reply("iopub", made, DEFAULTS, state)
    return outcome.message["content"]["data"]["state"] if outcome.message else None


def own_widgets() -> dict[str, type]:
    """ipywidgets' classes that have a view of their own, by their model's name."""
    found = {}
    rest = [ipywidgets.Widget]
    while rest:
        for kind in rest.pop().__subclasses__():
            rest.append(kind)
            traits = kind.class_traits()
            if kind.__module__.startswith("ipywidgets") and traits["_view_name"].default_value:
                found.setdefault(traits["_model_name"].default_value, kind)
    return found


def test_the_table_names_every_model_of_ipywidgets_or_leaves_it_out_on_purpose():
    models = set(own_widgets()) - {"StyleModel", "StringStyleModel", "NumbersInputBaseModel"}
    assert models - LEFT_OUT <= set(VIEWS)
    assert not LEFT_OUT & set(VIEWS)
    assert set(VIEWS) - models == {"LinkModel", "DirectionalLinkModel"}
    for model in models - LEFT_OUT:
        kind = own_widgets()[model]
        assert VIEWS[model] == kind.class_traits()["_view_name"].default_value
        keys = set(kind.class_traits(sync=True))
        missing = keys - STATES[model] - {"bottom", "left", "right", "top"}
        assert not missing, (model, missing)


def test_a_slider_comes_out_as_it_is(sent):
    slider = ipywidgets.IntSlider(value=3, description="年龄", layout=ipywidgets.Layout(width="300px"))
    slider.value = 7
    kept = passed(sent, WireState())
    assert len(kept) == len(sent) == 4
    for made, content in zip(sent, kept, strict=True):
        given = {name: value for name, value in made["content"]["data"]["state"].items() if value is not None}
        shown = {name: value for name, value in content["data"]["state"].items() if value is not None}
        assert shown == given


@pytest.mark.parametrize(
    "make",
    [
        lambda: ipywidgets.Dropdown(options=["a", "b & c"], description="x"),
        lambda: ipywidgets.SelectMultiple(options=[("one", 1), ("two", 2)]),
        lambda: ipywidgets.Accordion(children=[ipywidgets.Text("x")], titles=("first",)),
        lambda: ipywidgets.Tab(children=[ipywidgets.Label("x")]),
        lambda: ipywidgets.HBox([ipywidgets.HTML("<b>x</b>"), ipywidgets.FloatProgress(bar_style="info")]),
        lambda: ipywidgets.Button(description="Go", icon="check", button_style="success"),
        lambda: ipywidgets.Checkbox(True, indent=False),
        ipywidgets.DatePicker,
        lambda: ipywidgets.Image(value=PIXEL_BYTES, format="png"),
        ipywidgets.Output,
        lambda: ipywidgets.Play(interval=100),
        lambda: ipywidgets.Textarea("a\nb"),
        lambda: ipywidgets.ColorPicker(value="#ff0000"),
        lambda: ipywidgets.jslink((ipywidgets.IntSlider(), "value"), (ipywidgets.IntText(), "value")),
        lambda: ipywidgets.interactive(lambda x: x, x=10),
    ],
)
def test_the_usual_widgets_pass(make, sent):
    make()
    kept = passed(sent, WireState())
    assert [content["data"]["state"].get("_model_name") for content in kept] == [
        made["content"]["data"]["state"].get("_model_name") for made in sent
    ]


def test_a_progress_bar_of_tqdm_runs(sent):
    notebook = pytest.importorskip("tqdm.notebook")
    bar = notebook.tqdm(total=3, desc="x", display=False)
    bar.update(2)
    bar.refresh()
    bar.close()
    kept = passed(sent, WireState())
    assert any("2/3" in str(content) for content in kept)


@pytest.mark.parametrize(
    "model", [*LEFT_OUT, "AnyModel", "FigureModel", "x" * 500, "", None, ["HTMLModel"], {}]
)
def test_another_model_does_not_open_and_its_view_says_so(model):
    state = WireState()
    made = opening("HTMLModel", {"_model_name": model})
    outcome = filter_reply("iopub", made, DEFAULTS, state)
    assert outcome.message is None
    assert outcome.withheld[0].reason == "widget"
    assert state.comms == {}
    view = {"data": {WIDGET_VIEW: {"model_id": "c1"}, "text/plain": "x"}, "metadata": {}}
    shown = filter_reply("iopub", message("display_data", view), DEFAULTS, state).message["content"]["data"]
    assert WIDGET_VIEW not in shown
    assert "not shown on a desk" in shown["text/plain"]


@pytest.mark.parametrize(
    "change",
    [
        {"_model_module": "anywidget"},
        {"_model_module": "https://evil.example/x.js"},
        {"_view_module": "anywidget"},
        {"_view_name": "FileUploadView"},
        {"_view_name": None},
        {"_model_module_version": "../../x"},
        {"_view_module_version": SECRET},
    ],
)
def test_a_model_with_other_code_does_not_open(change):
    assert filtered(opening("LabelModel", change), WireState()) is None


def test_a_model_needs_to_say_where_its_code_is():
    made = opening("LabelModel")
    del made["content"]["data"]["state"]["_model_module"]
    assert filtered(made, WireState()) is None


@pytest.mark.parametrize("attack", vectors("html.txt"))
def test_markup_is_inert_in_every_text_of_every_model(attack):
    for model in ("HTMLModel", "HTMLMathModel"):
        state = WireState()
        shown = filtered(opening(model, {"value": attack, "placeholder": attack}), state)
        assert_inert_html(shown["value"])
        assert_inert_html(shown["placeholder"])
        assert_inert_html(filtered(updating({"value": attack}), state)["value"])
    for model in ("LabelModel", "TextModel", "ButtonModel", "TabModel", "DropdownModel"):
        texts = {
            "value": attack,
            "description": attack,
            "tooltip": attack,
            "titles": [attack],
            "_options_labels": [attack],
        }
        shown = filtered(opening(model, {**texts, "description_allow_html": True}), WireState())
        assert not shown.get("description_allow_html")
        for name in texts:
            assert not re.search(r"<[A-Za-z/!?]", str(shown.get(name, "")))


@pytest.mark.parametrize("attack", vectors("css.txt"))
def test_a_layout_and_a_style_carry_no_css_that_fetches(attack):
    value = attack.partition(":")[2] or attack
    made = opening(
        "LayoutModel",
        {"width": value, "border_top": value, "grid_area": value, "_model_module": "@jupyter-widgets/base"},
    )
    for shown in (
        filtered(made, WireState()),
        filtered(opening("ButtonStyleModel", {"button_color": value}), WireState()),
    ):
        written = str({name: text for name, text in (shown or {}).items() if not name.startswith("_")})
        assert "url" not in written.replace("url(#out-", "").lower()
        assert "//" not in written


def test_names_that_are_not_the_models_are_dropped():
    shown = filtered(
        opening("LabelModel", {"value": "x", "extra": SECRET, "_options_labels": [SECRET], "_esm": SECRET}),
        WireState(),
    )
    assert SECRET not in str(shown)
    assert shown["value"] == "x"


def test_a_known_comm_never_becomes_another_model():
    state = WireState()
    assert filtered(opening("HTMLModel", {"value": "<b>x</b>"}), state)
    assert filtered(opening("TextModel", {"value": "x"}), state) is None
    assert state.comms == {"c1": "HTMLModel"}
    state.comms["control"] = CONTROL
    entry = {
        "model_name": "TextModel",
        "model_module": "@jupyter-widgets/controls",
        "model_module_version": "2.0.0",
        "state": {},
    }
    data = {"method": "update_states", "states": {"c1": entry}, "buffer_paths": []}
    made = message("comm_msg", {"comm_id": "control", "data": data})
    outcome = filter_reply("iopub", made, DEFAULTS, state)
    assert outcome.message["content"]["data"]["states"] == {}
    assert state.comms["c1"] == "HTMLModel"


def test_a_links_ends_are_numbers_of_known_widgets():
    state = WireState()
    for comm_id, model in (
        ("a", "IntSliderModel"),
        ("b", "FloatTextModel"),
        ("h", "HTMLModel"),
        ("t", "TextModel"),
    ):
        filtered(opening(model, comm_id=comm_id), state)

    def link(source, target):
        return filtered(
            opening(
                "LinkModel",
                {"source": source, "target": target, "_view_name": None, "_view_module": None},
                "l",
            ),
            state,
        )

    assert link(["IPY_MODEL_t", "value"], ["IPY_MODEL_h", "value"]) is None
    assert link(["IPY_MODEL_a", "value"], ["IPY_MODEL_h", "value"]) is None
    assert link(["IPY_MODEL_a", "description"], ["IPY_MODEL_b", "value"]) is None
    assert link(["IPY_MODEL_a", "value"], ["IPY_MODEL_x", "value"]) is None
    assert link("x", 1) is None
    assert link(["IPY_MODEL_a", "value"], ["IPY_MODEL_b", "value"]) is not None


def test_only_an_image_has_bytes_and_they_are_looked_at():
    state = WireState()
    made = opening(
        "ImageModel",
        {"format": "url"},
        paths=[["value"]],
        buffers=[memoryview(PIXEL_BYTES + SECRET.encode())],
    )
    outcome = filter_reply("iopub", made, DEFAULTS, state)
    assert outcome.message["buffers"] == [PIXEL_BYTES]
    assert outcome.message["content"]["data"]["state"]["format"] == "png"
    assert outcome.message["content"]["data"]["buffer_paths"] == [["value"]]
    for data in (b"<svg/>", b"https://evil.example/x.png"):
        made = updating({"format": "url", "value": "https://evil.example"}, paths=[["value"]], buffers=[data])
        outcome = filter_reply("iopub", made, DEFAULTS, state)
        assert outcome.message["buffers"] == []
        assert outcome.message["content"]["data"]["state"] == {}
        assert outcome.withheld[-1].reason == "buffers"
    made = updating({"value": "x"}, paths=[["value"]], buffers=[PIXEL_BYTES])
    state.comms["c1"] = "TextModel"
    assert filter_reply("iopub", made, DEFAULTS, state).message["buffers"] == []


def test_an_output_widget_holds_filtered_outputs():
    outputs = [displayed({"text/html": "<script>x</script><b>y</b>"}), displayed({"x/y": SECRET}), SECRET]
    made = opening(
        "OutputModel",
        {
            "outputs": outputs,
            "_model_module": "@jupyter-widgets/output",
            "_view_module": "@jupyter-widgets/output",
        },
    )
    shown = filtered(made, WireState())
    assert shown["outputs"][0]["data"] == {"text/html": "<b>y</b>"}
    assert SECRET not in str(shown)
    assert len(shown["outputs"]) == 2


def test_other_targets_and_unknown_comms_do_not_pass():
    state = WireState()
    for target in ("evil", "matplotlib", "jupyter.widget.control", "bokeh", None, ["jupyter.widget"]):
        made = message("comm_open", {"comm_id": "c1", "target_name": target, "data": {"x": SECRET}})
        assert filter_reply("iopub", made, DEFAULTS, state).message is None
    assert filtered(updating({"value": 1}), state) is None
    assert (
        filter_reply("iopub", message("comm_close", {"comm_id": "c1", "data": {}}), DEFAULTS, state).message
        is None
    )


def test_messages_of_a_widgets_own_carry_nothing():
    state = WireState()
    filtered(opening("ButtonModel"), state)
    for content, passes in (({"do": "focus"}, True), ({"do": SECRET}, False), (SECRET, False)):
        made = message("comm_msg", {"comm_id": "c1", "data": {"method": "custom", "content": content}})
        assert bool(filter_reply("iopub", made, DEFAULTS, state).message) is passes


def test_a_page_that_loads_gets_all_states_filtered():
    state = WireState()
    state.comms["ctl"] = CONTROL
    base = {"model_module": "@jupyter-widgets/controls", "model_module_version": "2.0.0"}
    states = {
        "h": base | {"model_name": "HTMLModel", "state": {"value": "<script>x</script><i>y</i>"}},
        "i": base | {"model_name": "ImageModel", "state": {}},
        "f": base | {"model_name": "FileUploadModel", "state": {}},
        "m": base | {"model_name": "LabelModel", "model_module": "evil", "state": {}},
        "v": base | {"model_name": "LabelModel", "model_module_version": SECRET, "state": {}},
    }
    data = {"method": "update_states", "states": states, "buffer_paths": [["f", "value"], ["i", "value"]]}
    made = message("comm_msg", {"comm_id": "ctl", "data": data}, buffers=[b"x", PIXEL_BYTES])
    outcome = filter_reply("iopub", made, DEFAULTS, state)
    kept = outcome.message["content"]["data"]
    assert set(kept["states"]) == {"h", "i"}
    assert kept["states"]["h"]["state"]["value"] == "<i>y</i>"
    assert kept["buffer_paths"] == [["i", "value"]]
    assert outcome.message["buffers"] == [PIXEL_BYTES]
    assert filtered(updating({"value": "<script>x</script>z"}, "h"), state) == {"value": "z"}
