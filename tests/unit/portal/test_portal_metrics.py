"""The portal's numbers: who may read them, what they hold, and that the board asks for nothing else."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from hub_config import roles
from hub_config.portal import guard_numbers, metrics, metrics_service
from hub_config.portal.desk_identity import DeskId
from images.recipe import ROOT
from provisioning.refusal import Refusal
from provisioning.registry import database
from provisioning.registry.events import report

NUMBERS = {"shown_bytes": 10, "shown_cells": 2, "messages": 4, "filter_us": 500_000, "budget_permille": 250}
OPERATIONS = ROOT / "docs/operations"


@pytest.fixture
def counted(tmp_path):
    url = f"sqlite:///{tmp_path}/registry.sqlite"
    database.upgrade(url)
    engine = database.engine(url)
    yield metrics.Metrics(engine)
    engine.dispose()


def samples(counted) -> dict[tuple[str, tuple], float]:
    families = text_string_to_metric_families(generate_latest(counted.collected).decode())
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


async def test_only_the_metrics_service_reads_them(site):
    assert (await site.get("metrics")).status == 403
    assert (await site.get("metrics", "li-wei")).status == 403
    assert (await site.get("metrics?token=token-metrics")).status == 403
    site.hub.kind = "service"
    assert (await site.get("metrics", headers={"Authorization": "token token-another-service"})).status == 403


async def test_the_metrics_service_does(site, monkeypatch):
    monkeypatch.setattr(metrics, "SERVICE", "metrics-service")
    site.hub.kind = "service"
    site.run()
    answer = await site.get("metrics", headers={"Authorization": "Bearer token-metrics-service"})
    assert answer.status == 200, answer.text
    assert 'carrel_runs{state="queued"} 1.0' in answer.text
    assert "li-wei" not in answer.text


def test_the_hub_gives_the_service_its_numbers_and_nothing_else():
    (role,) = [role for role in roles.load_roles() if role["name"] == "metrics"]
    assert (role["scopes"], role["services"]) == (["read:metrics"], [metrics.SERVICE])
    assert metrics_service("t")["name"] == metrics.SERVICE
    assert "api_token" not in metrics_service(None)


def test_what_desks_report_is_counted_with_its_sums(counted):
    moment = "2026-01-01T00:00:00Z"
    counted.received(
        "heart",
        [
            report("0" * 32, moment, "denied", {"reason": "download", "size": 7, "route": "/files/x"}),
            report("1" * 32, moment, "denied", {"reason": "download", "size": 3, "count": 4}),
            report("2" * 32, moment, "desk-started", {}),
        ],
    )
    found = samples(counted)
    guard = (("kind", "denied"), ("project", "heart"), ("reason", "download"))
    assert found[("carrel_guard_events_total", guard)] == 5
    assert found[("carrel_guard_bytes_total", (("kind", "denied"), ("project", "heart")))] == 10
    assert found[("carrel_events_received_total", (("kind", "desk-started"), ("project", "heart")))] == 1


def test_reasons_that_a_desk_makes_up_do_not_fill_the_memory(counted):
    for number in range(metrics.MOST_REASONS + 50):
        made = report(f"{number:032x}", "2026-01-01T00:00:00Z", "withheld", {"reason": f"r{number}"})
        counted.received("heart", [made])
    series = [key for key in samples(counted) if key[0] == "carrel_guard_events_total"]
    assert len(series) == metrics.MOST_REASONS + 1


def test_the_board_and_the_scrapes_ask_for_what_there_is(counted):
    import jupyterhub.metrics  # noqa: F401, PLC0415
    from prometheus_client import REGISTRY  # noqa: PLC0415

    counted.requests.labels("Health", "GET", "2xx").observe(0.1)
    counted.received("heart", [report("0" * 32, "2026-01-01T00:00:00Z", "denied", {"reason": "x"})])
    counted.numbers.told(DeskId("li-wei", "heart"), NUMBERS)
    both: list[CollectorRegistry] = [counted.collected, REGISTRY]
    names = set()
    for registry in both:
        for family in registry.collect():
            suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(
                family.type, [""]
            )
            names |= {family.name + suffix for suffix in suffixes}
    board = json.loads((OPERATIONS / "grafana.json").read_text())
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    wanted = {name for expr in asked for name in re.findall(r"\b(?:carrel|jupyterhub)_[a-z_]+", expr)}
    assert (len(wanted), len(board["panels"])) == (17, 15), "two panels hold two each"
    assert wanted <= names, wanted - names
    jobs = yaml.safe_load((OPERATIONS / "prometheus.yml").read_text())["scrape_configs"]
    assert {job["metrics_path"] for job in jobs} == {"/hub/metrics", "/services/portal/metrics"}


def test_what_guards_tell_is_added_up_by_project_and_a_share_is_forgotten(counted):
    now = [0.0]
    counted.numbers.clock = lambda: now[0]
    counted.numbers.told(DeskId("li-wei", "heart"), NUMBERS)
    counted.numbers.told(DeskId("ma-chao", "heart"), {**NUMBERS, "budget_permille": 1200})
    counted.numbers.told(DeskId("ma-chao", "lung"), {**NUMBERS, "shown_bytes": 0})
    found = samples(counted)
    heart, lung = (("project", "heart"),), (("project", "lung"),)
    assert found["carrel_guard_shown_bytes_total", heart] == 20
    assert found["carrel_guard_shown_bytes_total", lung] == 0
    assert found["carrel_guard_shown_cells_total", heart] == 4
    assert found["carrel_guard_filtered_messages_total", heart] == 8
    assert found["carrel_guard_filter_seconds_total", heart] == 1.0
    assert found["carrel_guard_budget_share", heart] == 1.2
    assert not [key for key in found if "li-wei" in str(key) or "ma-chao" in str(key)]
    now[0] = guard_numbers.REMEMBERED + 1
    assert ("carrel_guard_budget_share", heart) not in samples(counted)


@pytest.mark.parametrize(
    "change",
    [
        {"project": "lung"},
        {"user": "ma-chao"},
        {"shown_bytes": -1},
        {"shown_bytes": 2**40 + 1},
        {"shown_bytes": 1.5},
        {"shown_bytes": True},
        {"shown_bytes": "7"},
        {"filter_us": float("inf")},
        {"budget_permille": 1_000_001},
        {"messages": None},
        {"text": "the secret"},
    ],
)
def test_what_is_no_number_of_a_guards_is_refused_whole(counted, change):
    with pytest.raises(Refusal, match="whole numbers"):
        counted.numbers.told(DeskId("li-wei", "heart"), {**NUMBERS, **change})
    with pytest.raises(Refusal):
        counted.numbers.told(DeskId("li-wei", "heart"), {})
    assert not [key for key in samples(counted) if key[0].startswith("carrel_guard_")]


def test_how_long_the_trail_waits_is_told(counted):
    found = samples(counted)
    assert found["carrel_audit_unsigned_seconds", ()] == found["carrel_audit_waiting_seconds", ()] == 0
