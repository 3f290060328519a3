"""The one table of the desk's routes. What it does not name is refused and recorded.

Each row is a tornado rule: its pattern without the base URL, the handler that serves it, and a
verdict for each method. `python -m export_guard.routes` prints the live server against it.
"""

from __future__ import annotations

from export_guard import conditions
from export_guard.verdicts import Condition, Decision, Policy, Route, Verdict

CONTENTS = r"/api/contents(?P<path>(?:(?:/[^/]+)+|/?))"
KERNEL = r"/api/kernels/(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"
SERVICES = "jupyter_server.services"
BASE = "jupyter_server.base.handlers"
LAB = "jupyterlab.handlers"
LAB_SERVER = "jupyterlab_server"


def _allow(
    *methods: str,
    head: tuple[Condition, ...] = (),
    body: tuple[Condition, ...] = (conditions.no_body,),
    limit: str = "message_bytes",
) -> dict[str, Verdict]:
    verdict = Verdict(Decision.ALLOW, head=head, body=body, body_limit=limit)
    return dict.fromkeys(methods, verdict)


def _deny(reason: str, *, recorded: bool = True) -> dict[str, Verdict]:
    return {"*": Verdict(Decision.DENY, reason, recorded=recorded)}


READ = _allow("GET")
STATIC = _allow("GET", "HEAD")
READ_AND_CREATE = READ | _allow("POST", body=(conditions.json_body,))
SETTINGS = READ | _allow("PUT", body=(conditions.json_body,), limit="settings_bytes")

READ_CONTENTS = {
    "GET": Verdict(
        Decision.FILTER,
        head=(conditions.known_contents_arguments,),
        body=(conditions.no_body,),
        narrow=conditions.ask_for_text,
    )
}
APPLICATION = {"GET": Verdict(Decision.FILTER, body=(conditions.no_body,))}
CHANGE_CONTENTS = {
    **_allow("PUT", body=(conditions.saves_typed_content,), limit="notebook_bytes"),
    **_allow("POST", body=(conditions.creates_or_copies,)),
    **_allow("PATCH", body=(conditions.renames,)),
    **_allow("DELETE"),
}

ROUTES: tuple[Route, ...] = (
    # The page and what it is made of: files of the image.
    Route(
        r"/(?P<mode>lab|doc)(?P<workspace>/workspaces/[a-zA-Z0-9\-\_]+)?(?P<tree>/tree/.*)?",
        f"{LAB_SERVER}.handlers.LabHandler",
        READ,
    ),
    Route(r"/static/(.*)", f"{BASE}.FileFindHandler", STATIC, cacheable=True),
    Route(r"/static/lab/(.*)", f"{BASE}.FileFindHandler", STATIC, cacheable=True),
    Route(r"/lab/extensions/(.*)", f"{BASE}.FileFindHandler", STATIC, cacheable=True),
    Route(r"/lab/api/themes/(.*)", f"{LAB_SERVER}.themes_handler.ThemesHandler", STATIC, cacheable=True),
    # tornado adds these two at the root, outside the base URL; the proxy never passes them on.
    Route(r"^/(robots\.txt)", f"{BASE}.FileFindHandler", STATIC, cacheable=True),
    Route(r"^/(favicon\.ico)", f"{BASE}.FileFindHandler", STATIC, cacheable=True),
    Route(r"/(robots\.txt|favicon\.ico)", f"{BASE}.PublicStaticFileHandler", STATIC, cacheable=True),
    Route(
        r"/kernelspecs/(?P<kernel_name>[\w\.\-%]+)/(?P<path>.*)",
        "jupyter_server.kernelspecs.handlers.KernelSpecResourceHandler",
        _allow("GET", "HEAD", head=(conditions.only_logos,)),
    ),
    # JupyterLab's own state.
    Route(r"/lab/api/settings/?", f"{LAB_SERVER}.settings_handler.SettingsHandler", READ),
    Route(
        r"/lab/api/settings/(?P<schema_name>.+)", f"{LAB_SERVER}.settings_handler.SettingsHandler", SETTINGS
    ),
    Route(r"/lab/api/workspaces/?", f"{LAB_SERVER}.workspaces_handler.WorkspacesHandler", READ),
    Route(
        r"/lab/api/workspaces/(?P<space_name>.+)",
        f"{LAB_SERVER}.workspaces_handler.WorkspacesHandler",
        SETTINGS | _allow("DELETE"),
    ),
    Route(r"/lab/api/translations/?", f"{LAB_SERVER}.translations_handler.TranslationsHandler", READ),
    Route(
        r"/lab/api/translations/(?P<locale>.*)",
        f"{LAB_SERVER}.translations_handler.TranslationsHandler",
        READ,
    ),
    Route(r"/lab/api/licenses/(.*)", f"{LAB_SERVER}.licenses_handler.LicensesHandler", READ),
    Route(r"/api/config/(?P<section_name>\w+)", f"{SERVICES}.config.handlers.ConfigHandler", READ),
    # Kernels, sessions and their channels.
    Route(r"/api/kernels", f"{SERVICES}.kernels.handlers.MainKernelHandler", READ_AND_CREATE),
    Route(KERNEL, f"{SERVICES}.kernels.handlers.KernelHandler", READ | _allow("DELETE")),
    Route(
        KERNEL + r"/(?P<action>restart|interrupt)",
        f"{SERVICES}.kernels.handlers.KernelActionHandler",
        _allow("POST"),
    ),
    Route(KERNEL + r"/channels", f"{SERVICES}.kernels.websocket.KernelWebsocketHandler", READ),
    Route(r"/api/kernelspecs", f"{SERVICES}.kernelspecs.handlers.MainKernelSpecHandler", READ),
    Route(
        r"/api/kernelspecs/(?P<kernel_name>[\w\.\-%]+)",
        f"{SERVICES}.kernelspecs.handlers.KernelSpecHandler",
        READ,
    ),
    Route(r"/api/sessions", f"{SERVICES}.sessions.handlers.SessionRootHandler", READ_AND_CREATE),
    Route(
        r"/api/sessions/(?P<session_id>\w+-\w+-\w+-\w+-\w+)",
        f"{SERVICES}.sessions.handlers.SessionHandler",
        READ | _allow("PATCH", body=(conditions.json_body,)) | _allow("DELETE"),
    ),
    # The workspace: read as text, saved as typed.
    Route(CONTENTS, f"{SERVICES}.contents.handlers.ContentsHandler", READ_CONTENTS | CHANGE_CONTENTS),
    Route(
        CONTENTS + r"/checkpoints",
        f"{SERVICES}.contents.handlers.CheckpointsHandler",
        READ | _allow("POST"),
    ),
    Route(
        CONTENTS + r"/checkpoints/(?P<checkpoint_id>[\w-]+)",
        f"{SERVICES}.contents.handlers.ModifyCheckpointsHandler",
        _allow("POST", "DELETE"),
    ),
    Route(r"/carrel/api/preview", "export_guard.contents.preview.PreviewHandler", READ),
    Route(CONTENTS + r"/trust", f"{SERVICES}.contents.handlers.TrustNotebooksHandler", _allow("POST")),
    # Carrel's own: what the extension asks, records, and asks for.
    Route(r"/carrel/api/desk", "export_guard.desk_handlers.DeskInfoHandler", READ),
    Route(r"/carrel/api/budget", "export_guard.desk_handlers.BudgetHandler", READ),
    Route(r"/carrel/api/texts", "export_guard.desk_handlers.TextsHandler", READ),
    Route(
        r"/carrel/api/events",
        "export_guard.desk_handlers.EventsHandler",
        _allow("POST", body=(conditions.json_body,)),
    ),
    Route(
        r"/carrel/api/releases",
        "export_guard.desk_handlers.ReleasesHandler",
        _allow("POST", body=(conditions.json_body,)),
    ),
    # The engine's named applications: what they answer is filtered and counted by their handler.
    Route(r"/cohort-explorer/(.*)", "export_guard.applications.ApplicationHandler", APPLICATION),
    Route(r"/cohort-explorer", "jupyter_server_proxy.handlers.AddSlashHandler", READ),
    Route(r"/carrel/api/applications", "export_guard.applications.ApplicationsHandler", READ),
    Route(r"/proxy(/.*)?", "export_guard.denied.DeniedHandler", _deny("application")),
    # Who, whether and where to.
    Route(r"/api", f"{BASE}.APIVersionHandler", STATIC),
    Route(r"/api/status", f"{SERVICES}.api.handlers.APIStatusHandler", READ),
    Route(r"/api/me", f"{SERVICES}.api.handlers.IdentityHandler", READ),
    Route(r"/api/events/subscribe", f"{SERVICES}.events.handlers.SubscribeWebsocket", READ),
    Route(r"/oauth_callback", "jupyterhub.singleuser.extension.JupyterHubOAuthCallbackHandler", READ),
    Route(r"/logout", "jupyterhub.singleuser.extension.JupyterHubLogoutHandler", READ),
    Route(r"/?", f"{BASE}.RedirectWithParams", STATIC),
    Route(r"/.*/", f"{BASE}.TrailingSlashHandler", STATIC),
    # Answers 404 to whatever no other rule takes.
    Route(r"^(.*)", f"{BASE}.Template404", _allow("*")),
    Route(r"/lab/.*", f"{LAB_SERVER}.handlers.NotFoundHandler", _allow("GET")),
    # Closed: ways out of the workspace.
    Route(r"/files/(.*)", "export_guard.denied.DeniedHandler", _deny("raw-file")),
    Route(
        r"/view(?P<path>(?:(?:/[^/]+)+|/?))", "jupyter_server.view.handlers.ViewHandler", _deny("raw-file")
    ),
    Route(
        r"/api/notebooks/?(.*)", f"{SERVICES}.contents.handlers.NotebooksRedirectHandler", _deny("raw-file")
    ),
    Route(
        r"/nbconvert/(?P<format>\w+)",
        "jupyter_server.nbconvert.handlers.NbconvertPostHandler",
        _deny("conversion"),
    ),
    Route(
        r"/nbconvert/(?P<format>\w+)(?P<path>(?:(?:/[^/]+)+|/?))",
        "jupyter_server.nbconvert.handlers.NbconvertFileHandler",
        _deny("conversion"),
    ),
    # JupyterLab asks which formats exist each time it starts: refused, not worth an event.
    Route(
        r"/api/nbconvert",
        f"{SERVICES}.nbconvert.handlers.NbconvertRootHandler",
        _deny("conversion", recorded=False),
    ),
    # Closed: what would change the desk, or is for its operators.
    Route(r"/api/resolvePath", f"{SERVICES}.api.handlers.PathResolverHandler", _deny("unused")),
    Route(r"/api/spec.yaml", f"{SERVICES}.api.handlers.APISpecHandler", _deny("operations")),
    Route(r"/api/security/csp-report", f"{SERVICES}.security.handlers.CSPReportHandler", _deny("operations")),
    Route(r"/api/shutdown", f"{SERVICES}.shutdown.ShutdownHandler", _deny("operations")),
    Route(r"/api/events", f"{SERVICES}.events.handlers.EventHandler", _deny("operations")),
    Route(r"/metrics", f"{BASE}.PrometheusMetricsHandler", _deny("operations")),
    Route(r"/lab/api/build", f"{LAB}.build_handler.BuildHandler", _deny("extensions")),
    Route(r"/lab/api/extensions", f"{LAB}.extension_manager_handler.ExtensionHandler", _deny("extensions")),
    Route(r"/lab/api/plugins", f"{LAB}.plugin_manager_handler.PluginHandler", _deny("extensions")),
    Route(r"/lab/api/listings/(.*)", f"{LAB_SERVER}.listings_handler.ListingsHandler", _deny("extensions")),
    Route(r"/lab/api/update", f"{LAB}.announcements.CheckForUpdateHandler", _deny("external")),
    Route(r"/lab/api/news", f"{LAB}.announcements.NewsHandler", _deny("external")),
)

POLICY = Policy(ROUTES)
