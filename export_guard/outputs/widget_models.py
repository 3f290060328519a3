"""The widget models that are let through, and what of their state (ipywidgets 8.1's models).

Not here: FileUpload (brings files in), Audio and Video (media), Controller (reads devices), and every
model of another package, whose code would run in the page.
"""

from __future__ import annotations

CONTROLS = "@jupyter-widgets/controls"
BASE = "@jupyter-widgets/base"
OUTPUT = "@jupyter-widgets/output"

COMMON = (
    "_model_module _model_module_version _model_name _view_count _view_module _view_module_version _view_name"
)
DOM = f"{COMMON} _dom_classes layout tabbable tooltip"
DESCRIBED = f"{DOM} description description_allow_html disabled style"
SLIDER = f"{DESCRIBED} behavior continuous_update max min orientation readout readout_format step value"
NUMBER = f"{DESCRIBED} continuous_update max min step value"
BOX = f"{DOM} box_style children"
PAGES = f"{BOX} selected_index titles"
CHOICE = f"{DESCRIBED} _options_labels index"
STRING = f"{DESCRIBED} continuous_update placeholder value"
MOMENT = f"{DESCRIBED} max min step value"
TAGS = f"{DESCRIBED} allow_duplicates allowed_tags format max min placeholder tag_style value"
PROGRESS = f"{DESCRIBED} bar_style max min orientation value"
FONT = "font_family font_size font_style font_variant font_weight text_color text_decoration"
STYLE = f"{COMMON} background description_width {FONT}"
LAYOUT = f"""{COMMON} align_content align_items align_self border border_bottom border_left border_right
    border_top display flex flex_flow grid_area grid_auto_columns grid_auto_flow grid_auto_rows grid_column
    grid_gap grid_row grid_template_areas grid_template_columns grid_template_rows height justify_content
    justify_items margin max_height max_width min_height min_width object_fit object_position order overflow
    padding visibility width"""

# Model name: the view that draws it (None for none) and the names in its state.
_TABLE: dict[str, tuple[str | None, str]] = {
    "AccordionModel": ("AccordionView", PAGES),
    "BoundedFloatTextModel": ("FloatTextView", NUMBER),
    "BoundedIntTextModel": ("IntTextView", NUMBER),
    "BoxModel": ("BoxView", BOX),
    "ButtonModel": ("ButtonView", f"{DESCRIBED} button_style icon"),
    "ButtonStyleModel": ("StyleView", f"{STYLE} button_color"),
    "CheckboxModel": ("CheckboxView", f"{DESCRIBED} indent value"),
    "CheckboxStyleModel": ("StyleView", STYLE),
    "ColorPickerModel": ("ColorPickerView", f"{DESCRIBED} concise value"),
    "ColorsInputModel": ("ColorsInputView", TAGS),
    "ComboboxModel": ("ComboboxView", f"{STRING} ensure_option options"),
    "DatePickerModel": ("DatePickerView", MOMENT),
    "DatetimeModel": ("DatetimeView", MOMENT),
    "DescriptionStyleModel": ("StyleView", STYLE),
    "DirectionalLinkModel": (None, f"{COMMON} source target"),
    "DropdownModel": ("DropdownView", CHOICE),
    "FloatLogSliderModel": ("FloatLogSliderView", f"{SLIDER} base"),
    "FloatProgressModel": ("ProgressView", PROGRESS),
    "FloatRangeSliderModel": ("FloatRangeSliderView", SLIDER),
    "FloatSliderModel": ("FloatSliderView", SLIDER),
    "FloatTextModel": ("FloatTextView", NUMBER),
    "FloatsInputModel": ("FloatsInputView", TAGS),
    "GridBoxModel": ("GridBoxView", BOX),
    "HBoxModel": ("HBoxView", BOX),
    "HTMLMathModel": ("HTMLMathView", STRING),
    "HTMLMathStyleModel": ("StyleView", STYLE),
    "HTMLModel": ("HTMLView", STRING),
    "HTMLStyleModel": ("StyleView", STYLE),
    "ImageModel": ("ImageView", f"{DOM} format height value width"),
    "IntProgressModel": ("ProgressView", PROGRESS),
    "IntRangeSliderModel": ("IntRangeSliderView", SLIDER),
    "IntSliderModel": ("IntSliderView", SLIDER),
    "IntTextModel": ("IntTextView", NUMBER),
    "IntsInputModel": ("IntsInputView", TAGS),
    "LabelModel": ("LabelView", STRING),
    "LabelStyleModel": ("StyleView", STYLE),
    "LayoutModel": ("LayoutView", LAYOUT),
    "LinkModel": (None, f"{COMMON} source target"),
    "NaiveDatetimeModel": ("DatetimeView", MOMENT),
    "OutputModel": ("OutputView", f"{DOM} msg_id outputs"),
    "PasswordModel": ("PasswordView", STRING),
    "PlayModel": ("PlayView", f"{DESCRIBED} interval max min playing repeat show_repeat step value"),
    "ProgressStyleModel": ("StyleView", f"{STYLE} bar_color"),
    "RadioButtonsModel": ("RadioButtonsView", f"{CHOICE} orientation"),
    "SelectModel": ("SelectView", f"{CHOICE} rows"),
    "SelectMultipleModel": ("SelectMultipleView", f"{CHOICE} rows"),
    "SelectionRangeSliderModel": (
        "SelectionRangeSliderView",
        f"{CHOICE} behavior continuous_update orientation readout",
    ),
    "SelectionSliderModel": (
        "SelectionSliderView",
        f"{CHOICE} behavior continuous_update orientation readout",
    ),
    "SliderStyleModel": ("StyleView", f"{STYLE} handle_color"),
    "StackModel": ("StackView", PAGES),
    "TabModel": ("TabView", PAGES),
    "TagsInputModel": ("TagsInputView", TAGS),
    "TextModel": ("TextView", STRING),
    "TextStyleModel": ("StyleView", STYLE),
    "TextareaModel": ("TextareaView", f"{STRING} rows"),
    "TimeModel": ("TimeView", MOMENT),
    "ToggleButtonModel": ("ToggleButtonView", f"{DESCRIBED} button_style icon value"),
    "ToggleButtonStyleModel": ("StyleView", STYLE),
    "ToggleButtonsModel": ("ToggleButtonsView", f"{CHOICE} button_style icons tooltips"),
    "ToggleButtonsStyleModel": ("StyleView", f"{STYLE} button_width"),
    "VBoxModel": ("VBoxView", BOX),
    "ValidModel": ("ValidView", f"{DESCRIBED} readout value"),
}
VIEWS: dict[str, str | None] = {name: view for name, (view, _) in _TABLE.items()}
STATES: dict[str, frozenset[str]] = {name: frozenset(keys.split()) for name, (_, keys) in _TABLE.items()}
MODULES = {"LayoutModel": BASE, "OutputModel": OUTPUT}

# Models between whose numbers a link made in the browser may run: the filter does not see what passes.
NUMERIC = frozenset(
    name
    for name in _TABLE
    if name.startswith(
        ("Int", "Float", "BoundedInt", "BoundedFloat", "Play", "Checkbox", "ToggleButton", "Valid")
    )
    and not name.endswith(("InputModel", "StyleModel", "ButtonsModel"))
)
