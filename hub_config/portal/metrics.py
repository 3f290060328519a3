"""The portal's and the guard's numbers for Prometheus, for the hub's service ``metrics`` alone.

Desks are reached by nobody but their owners, so what their guards deny and withhold is counted here, as
their events come in. Labels hold kinds, reasons and projects: no account, no path, nothing of the data.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from sqlalchemy import Engine, func, select
from tornado import web

from hub_config.portal.guard_numbers import GuardNumbers
from hub_config.portal.handlers import Basics, Refused
from provisioning.audit.standing import standing
from provisioning.registry import database
from provisioning.registry.columns import utc_now
from provisioning.registry.events import Report
from provisioning.registry.models import ReleaseRequest, ReleaseStatus, Run, RunStatus

SERVICE = "metrics"
"""The hub's service whose token reads them."""
BUCKETS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60)
MOST_REASONS = 100
"""Different reasons that are told apart; a desk that was taken over could make up any number."""

_TOKEN = re.compile(r"(?:token|Bearer) ([A-Za-z0-9._~+/=-]{16,200})")


class Metrics:
    """What one portal counts since its start, and what it asks the registry at each scrape."""

    def __init__(self, registry: Engine) -> None:
        self.collected = CollectorRegistry()
        self.requests = Histogram(
            "carrel_portal_request_duration_seconds",
            "How long the portal took to answer.",
            ("handler", "method", "status"),
            buckets=BUCKETS,
            registry=self.collected,
        )
        self.events = Counter(
            "carrel_events_received",
            "Events that desks reported, sums by what they stand for.",
            ("kind", "project"),
            registry=self.collected,
        )
        self.guard = Counter(
            "carrel_guard_events",
            "What the guards of desks denied and withheld.",
            ("kind", "reason", "project"),
            registry=self.collected,
        )
        self.guard_bytes = Counter(
            "carrel_guard_bytes",
            "Bytes of what the guards of desks denied and withheld.",
            ("kind", "project"),
            registry=self.collected,
        )
        self.numbers = GuardNumbers(self.collected)
        self.collected.register(_RegistryNumbers(registry))
        self._reasons: set[str] = set()

    def answered(self, handler: web.RequestHandler) -> None:
        """Tornado's ``log_function``: one request was answered."""
        method = handler.request.method if handler.request.method in _METHODS else "other"
        labels = (type(handler).__name__, method, f"{handler.get_status() // 100}xx")
        self.requests.labels(*labels).observe(handler.request.request_time())

    def received(self, project: str, reports: Sequence[Report]) -> None:
        """A desk of ``project`` reported events."""
        for each in reports:
            count = int(each.detail.get("count", 1))
            self.events.labels(each.kind, project).inc(count)
            if each.kind in ("denied", "withheld"):
                self.guard.labels(each.kind, self._reason(each), project).inc(count)
                self.guard_bytes.labels(each.kind, project).inc(int(each.detail.get("size", 0)))

    def _reason(self, report: Report) -> str:
        reason = str(report.detail.get("reason", "other"))
        if reason not in self._reasons and len(self._reasons) >= MOST_REASONS:
            return "other"
        self._reasons.add(reason)
        return reason


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})


class _RegistryNumbers(Collector):
    """Numbers that the registry holds."""

    def __init__(self, registry: Engine) -> None:
        self.registry = registry

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return ()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        runs = GaugeMetricFamily("carrel_runs", "Runs by state.", labels=["state"])
        releases = GaugeMetricFamily(
            "carrel_release_requests", "Release requests by state.", labels=["state"]
        )
        age = GaugeMetricFamily("carrel_run_queue_age_seconds", "How long the oldest queued run has waited.")
        head = GaugeMetricFamily("carrel_audit_head", "Number of the newest event on record.")
        unsigned = GaugeMetricFamily(
            "carrel_audit_unsigned_seconds", "How long a record has waited for a signed head."
        )
        waiting = GaugeMetricFamily(
            "carrel_audit_waiting_seconds", "How long a record has waited for a syslog receiver."
        )
        with database.sessions(self.registry)() as session:
            by_state = dict(session.execute(select(Run.status, func.count()).group_by(Run.status)).all())
            asked = dict(
                session.execute(
                    select(ReleaseRequest.status, func.count()).group_by(ReleaseRequest.status)
                ).all()
            )
            oldest = session.scalar(select(func.min(Run.created)).where(Run.status == RunStatus.QUEUED))
            trail = standing(session)
        head.add_metric([], trail["last"])
        unsigned.add_metric([], trail["unsigned_seconds"])
        waiting.add_metric([], max([0, *(each["waiting_seconds"] for each in trail["receivers"])]))
        for state in RunStatus:
            runs.add_metric([state.value], by_state.get(state, 0))
        for each in ReleaseStatus:
            releases.add_metric([each.value], asked.get(each, 0))
        age.add_metric([], max(0.0, (utc_now() - oldest).total_seconds()) if oldest else 0.0)
        return (runs, releases, age, head, unsigned, waiting)


class MetricsPage(Basics):
    """``GET metrics``: for the token of the service `SERVICE` in the ``Authorization`` header."""

    async def get(self) -> None:
        found = _TOKEN.fullmatch(self.request.headers.get("Authorization", ""))
        model = None
        if found:
            try:
                model = await self.settings["hub_auth"].user_for_token(found[1], sync=False)
            except web.HTTPError as error:
                raise Refused(503, "The hub does not answer. Try again in a minute.") from error
        if not model or (model.get("kind"), model.get("name")) != ("service", SERVICE):
            raise Refused(403, "You may not do this.")
        body = await asyncio.to_thread(generate_latest, self.settings["metrics"].collected)
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.finish(body)
