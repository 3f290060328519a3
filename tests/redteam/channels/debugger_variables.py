from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import everything

HOLD = "carried = secret.hex(); held = {'x': carried};"


def debug(wire, number: int, command: str, arguments: dict) -> list:
    request = {"type": "request", "seq": number, "command": command, "arguments": arguments}
    return wire.ask("debug_request", request, channel="control", within=3, until="debug_reply")


@channel(
    "debugger-variables",
    "The debugger: a variable of a kernel, asked for by DAP on the control channel",
    closed_by="wire filter: the debugger is closed",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(HOLD)
    with site.wire() as wire:
        got = debug(wire, 1, "initialize", {"clientID": "x", "adapterID": "x"})
        if not got or not got[-1].content.get("success"):
            return everything(got)
        got += debug(wire, 2, "attach", {})
        got += debug(wire, 3, "inspectVariables", {})
        got += debug(wire, 4, "richInspectVariables", {"variableName": "held"})
        debug(wire, 5, "disconnect", {"restart": False, "terminateDebuggee": False})
    return everything(got)
