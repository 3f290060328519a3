from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import everything

SHOW = """
import base64
from IPython.display import publish_display_data
text = base64.b64encode(secret).decode()
publish_display_data({"text/html": f"<p>x</p><!-- {text} --><p data-x='{text}' id='{text}' class='{text}'></p>"
                      f"<input type='hidden' value='{text}'><template>{text}</template><script>'{text}'</script>"
                      f"<style>/* {text} */ p {{ --x: '{text}'; background: url(data:x,{text}) }}</style>"
                      f"<meta name='x' content='{text}'><noscript>{text}</noscript><title>{text}</title>"
                      f"<datalist><option value='{text}'></datalist><p itemid='{text}' lang='{text}'>x</p>"})
"""


@channel(
    "output-html-hidden",
    "An output in HTML with it where no screen shows it: comments, attributes, scripts, styles, templates",
    closed_by="wire filter: HTML is sanitised to what is seen",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    return everything(site.run(SHOW))
