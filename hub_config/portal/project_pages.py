"""Pages: my projects, and a project's standard analyses."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from hub_config.naming import RUN_ID
from hub_config.portal import desks, form, ordering, reading
from hub_config.portal.handlers import SignedIn
from hub_config.portal.reading import Analysis
from provisioning.registry.access import AccessDenied
from provisioning.registry.roles import works_on_data
from templates_nb.manifest import Parameter
from templates_nb.parameters import ParameterError


class Projects(SignedIn):
    """My projects."""

    async def get(self) -> None:
        if not works_on_data(set(self.account.roles)):
            self.page("other_role.html")
            return
        cards, running = await asyncio.gather(
            self.ask_mine(reading.project_cards), desks.running(self.hub_auth, self.account.name)
        )
        manifests = await self.ask(
            lambda _: [
                (run.template_id, reading.template_manifest(run.template))
                for card in cards
                for run in card.runs
            ]
        )
        titles = {key: found.title[self.short_language] for key, found in manifests if found}
        self.page("projects.html", cards=cards, running=running, titles=titles)


class Catalogue(SignedIn):
    """A project's standard analyses."""

    async def get(self, project: str) -> None:
        _, found = await self.ask_mine(reading.member_project, project)
        self.page("catalogue.html", project=found, templates=await self.ask(reading.catalogue))


class AnalysisForm(SignedIn):
    """One standard analysis, to fill in and run."""

    async def get(self, project: str, template: str) -> None:
        asked = await self.ask_mine(reading.analysis, project, template)
        chosen: dict[str, Any] = {}
        again = self.get_query_argument("run", "")
        if RUN_ID.fullmatch(again):
            chosen = dict((await self.ask_mine(reading.run, project, again)).run.parameters)
        # Which extract and table: they decide which columns there are, and come by the address.
        chosen |= {
            parameter.name: self.get_query_argument(parameter.name)
            for parameter in asked.manifest.parameters
            if parameter.type in ("extract", "table") and parameter.name in self.request.query_arguments
        }
        self._show(asked, chosen)

    async def post(self, project: str, template: str) -> None:
        asked = await self.ask_mine(reading.analysis, project, template)
        values = {parameter.name: self._given(parameter) for parameter in asked.manifest.parameters}
        order = partial(
            ordering.order_run,
            self.registry,
            account=self.account.name,
            project=project,
            template=template,
            values=values,
            language=self.language,
        )
        try:
            run = await asyncio.to_thread(order)
        except ParameterError as error:
            self.set_status(400)
            self._show(asked, values, problems=error.problems)
        except AccessDenied as denied:
            status, line = self.refusal(403, denied)
            self.set_status(status)
            self._show(asked, values, refused=line)
        else:
            self.settings["worker"].wake()
            self.redirect(f"../runs/{run.id}", status=303)

    def _given(self, parameter: Parameter) -> Any:
        if parameter.type == "columns":
            return self.get_body_arguments(parameter.name)
        if parameter.type == "boolean":
            return "true" if self.get_body_argument(parameter.name, None) else "false"
        return self.get_body_argument(parameter.name, "")

    def _show(
        self,
        asked: Analysis,
        values: dict[str, Any],
        problems: dict[str, str] | None = None,
        refused: str | None = None,
    ) -> None:
        built = form.build(asked.manifest, asked.extracts, values, self.short_language, problems)
        self.page("analysis.html", asked=asked, form=built, refused=refused)
