"""The table against the live desk's rules."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from desk_process import REPOSITORY
from tornado.routing import PathMatches, Rule
from tornado.web import Application, RequestHandler

from export_guard.policy import POLICY, ROUTES
from export_guard.reasons import REASONS
from export_guard.routes import live_rules, stale, unnamed
from export_guard.verdicts import Decision, Policy, Route

CONFIG = "from export_guard.desk_settings import configure\nconfigure(c, root_dir={root!r})\n{more}"


def run_routes(folder: Path, more: str = "") -> subprocess.CompletedProcess[str]:
    (folder / "jupyter_server_config.py").write_text(CONFIG.format(root=str(folder), more=more))
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(folder)]),
        "JUPYTER_CONFIG_DIR": str(folder),
    }
    command = [sys.executable, "-m", "export_guard.routes"]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=90, cwd=folder, check=False
    )


def test_every_rule_of_the_configured_desk_is_named_and_no_row_is_stale(tmp_path):
    result = run_routes(tmp_path)

    assert result.returncode == 0, result.stderr
    assert "not named" not in result.stderr
    assert "warning:" not in result.stderr
    assert len([line for line in result.stdout.splitlines() if line[:4] in ("http", "ws  ")]) == len(ROUTES)


def test_a_rule_of_another_extension_fails_the_check_and_is_named(tmp_path):
    more = 'c.ServerApp.jpserver_extensions.update({"jupyter_lsp": True})'

    result = run_routes(tmp_path, more)

    assert result.returncode == 1
    assert "not named: /lsp/" in result.stderr
    assert "NOT NAMED: denied" in result.stdout


class Page(RequestHandler):
    pass


class Other(RequestHandler):
    pass


def test_rules_are_found_through_nested_routers_and_with_an_escaped_base_url():
    app = Application([(r"/user/a\-b/c/one", Page)], base_url="/user/a-b/c/")
    app.add_handlers(r".*$", [("/user/a-b/c/two", Page), Rule(PathMatches("/three"), [("/four", Other)])])

    patterns = [rule.pattern for rule in live_rules(app)]

    assert patterns == ["/two", "^/four", "/one"]


def test_a_known_pattern_with_another_handler_is_not_named():
    app = Application([("/one", Other)], base_url="/")
    policy = Policy([Route("/one", f"{Page.__module__}.Page")])

    assert [rule.pattern for rule in unnamed(app, policy)] == ["/one"]
    assert [route.pattern for route in stale(app, policy)] == ["/one"]


def test_a_rule_cannot_stand_twice_in_the_table():
    with pytest.raises(ValueError, match="names /one"):
        Policy([Route("/one", "x.Page"), Route("/one", "x.Page")])


def test_every_refusal_in_the_table_has_its_sentence():
    denials = [
        verdict
        for route in POLICY.routes.values()
        for verdict in route.verdicts.values()
        if verdict.decision is Decision.DENY
    ]

    assert denials
    assert {verdict.reason for verdict in denials} <= REASONS.keys()
