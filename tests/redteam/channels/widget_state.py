from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import everything

SHOW = """
import base64, ipywidgets
text = base64.b64encode(secret).decode()
slider = ipywidgets.IntSlider(tooltip="x", layout=ipywidgets.Layout(width="9em"))
slider.send({"x": text})
slider.comm.send({"method": "update", "state": {"x": text, "_dom_classes": [text]}, "buffer_paths": [], "y": text})
ipywidgets.HTML("<!-- " + text + " --><a download href='data:x;base64," + text + "'>x</a>")
ipywidgets.Image(value=secret, format="png").comm
ipywidgets.Image(value=secret, format="bmp").comm
ipywidgets.Audio(value=secret).comm
ipywidgets.Widget(_model_module="x", _model_name=text).comm
"""


@channel(
    "widget-state",
    "Widgets: custom messages, unknown state, HTML in them, files as pictures and sound, buffers",
    closed_by="wire filter: state is rebuilt for each core widget; others are withheld",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    return everything(site.run(SHOW))
