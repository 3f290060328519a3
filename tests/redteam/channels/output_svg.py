from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import everything

SHOW = """
import base64
from IPython.display import publish_display_data
text = base64.b64encode(secret).decode()
inner = (f"<metadata>{text}</metadata><!-- {text} --><script>'{text}'</script><defs><text>{text}</text></defs>"
         f"<image href='data:image/png;base64,{text}' width='9' height='9'/><g id='{text}' data-x='{text}'/>"
         f"<foreignObject><a xmlns='http://www.w3.org/1999/xhtml' href='data:x;base64,{text}'>x</a></foreignObject>")
svg = f"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'>{inner}<rect width='9' height='9'/></svg>"
publish_display_data({"image/svg+xml": svg})
"""


@channel(
    "output-svg",
    "An output in SVG with it in metadata, comments, scripts, definitions, addresses, foreign objects",
    closed_by="wire filter: SVG is rebuilt from what draws",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    return everything(site.run(SHOW))
