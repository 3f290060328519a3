"""What an engine's outputs may show: pure functions for the wire, notebooks on disk and the airlock.

Everything that comes out of an engine was possibly written by hostile code. A type, an element, a
property or a field that no table here names does not pass.
"""

from __future__ import annotations

from export_guard.outputs.bounded import Refused, bounded_json
from export_guard.outputs.bundle import Filtered, filter_bundle
from export_guard.outputs.limits import DEFAULTS, OutputLimits
from export_guard.outputs.messages import Reply, filter_reply
from export_guard.outputs.notebook import FilteredNotebook, filter_notebook
from export_guard.outputs.requests import Request, filter_request
from export_guard.outputs.state import WireState
from export_guard.outputs.withheld import Withheld, notice, sentence

__all__ = [
    "DEFAULTS",
    "Filtered",
    "FilteredNotebook",
    "OutputLimits",
    "Refused",
    "Reply",
    "Request",
    "WireState",
    "Withheld",
    "bounded_json",
    "filter_bundle",
    "filter_notebook",
    "filter_reply",
    "filter_request",
    "notice",
    "sentence",
]
