from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.channels.debugger_variables import debug
from tests.redteam.targets import Target
from tests.redteam.wire import everything


@channel(
    "debugger-source",
    "The debugger: a file of the workspace, asked for as a program's source by DAP",
    closed_by="wire filter: the debugger is closed",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run("import os; open('source.py', 'w').write('# ' + secret.hex());")
    path = site.said("print(os.path.abspath('source.py'))")
    with site.wire() as wire:
        got = debug(wire, 1, "initialize", {"clientID": "x", "adapterID": "x"})
        if not got or not got[-1].content.get("success"):
            return everything(got)
        got += debug(wire, 2, "attach", {})
        got += debug(wire, 3, "source", {"source": {"path": path}, "sourceReference": 0})
        debug(wire, 4, "disconnect", {"restart": False, "terminateDebuggee": False})
    return everything(got)
