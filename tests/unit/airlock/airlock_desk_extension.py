"""A server extension that does what `export_guard.extension` does for the desk's own addresses."""

from export_guard import desk_handlers, records
from export_guard.budget import DisplayBudget
from export_guard.desk import SETTING, Desk
from export_guard.limits import ExportGuard
from export_guard.typed import TypedBudget


def _jupyter_server_extension_points():
    return [{"module": "airlock_desk_extension"}]


def _load_jupyter_server_extension(serverapp):
    budget, typed = DisplayBudget(parent=serverapp), TypedBudget(parent=serverapp)
    desk = Desk(ExportGuard(parent=serverapp), records.emitter(serverapp), budget, typed)
    serverapp.web_app.settings[SETTING] = desk
    serverapp.web_app.add_handlers(".*$", desk_handlers.handlers(serverapp.base_url))


async def _start_jupyter_server_extension(serverapp):
    serverapp.web_app.settings["sender"] = records.start(
        serverapp, serverapp.web_app.settings[SETTING].emitter
    )
