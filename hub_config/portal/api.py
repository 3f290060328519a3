"""The JSON API: the same things by the same rules as the pages, for scripts and for the run's page."""

from __future__ import annotations

import asyncio
from functools import partial

from hub_config.portal import ordering, reading, run_json
from hub_config.portal.handlers import Refused, SignedInApi
from provisioning.registry.runs import project_runs
from templates_nb.parameters import ParameterError

LARGEST_INTEGER = 2**53
"""What JSON's readers agree on (RFC 8259, 6)."""


class ApiProjects(SignedInApi):
    """``GET api/projects``"""

    async def get(self) -> None:
        cards = await self.ask_mine(reading.project_cards)
        self.answer_json({"projects": [run_json.project_document(card, self.language) for card in cards]})


class ApiAnalyses(SignedInApi):
    """``GET api/projects/<project>/analyses``"""

    async def get(self, project: str) -> None:
        await self.ask_mine(reading.member_project, project)
        found = await self.ask(reading.catalogue)
        self.answer_json({"analyses": [run_json.template_document(*each) for each in found]})


class ApiRuns(SignedInApi):
    """``GET`` and ``POST api/projects/<project>/runs``"""

    async def get(self, project: str) -> None:
        await self.ask_mine(reading.member_project, project)
        found = await self.ask(project_runs, project)
        self.answer_json({"runs": [run_json.run_summary(run) for run in found]})

    async def post(self, project: str) -> None:
        # First whether they may, then whether the request makes sense.
        await self.ask_mine(reading.member_project, project)
        body = self.body()
        template, values = body.get("template"), body.get("parameters", {})
        extracts, language = body.get("extracts"), body.get("language")
        if not isinstance(template, str):
            raise Refused(400, "{field}: must be a text.", field="template")
        if not isinstance(values, dict) or any(_huge(value) for value in values.values()):
            raise Refused(400, "{field}: must be an object of parameters.", field="parameters")
        if extracts is not None and not _texts(extracts):
            raise Refused(400, "{field}: must be a list of texts.", field="extracts")
        short = None if language is None else {"en": "en", "zh": "zh", "zh_CN": "zh"}.get(str(language))
        if language is not None and short is None:
            raise Refused(400, "{field}: must be en or zh.", field="language")
        order = partial(
            ordering.order_run,
            self.registry,
            account=self.account.name,
            project=project,
            template=template,
            values=values,
            language=self.language,
            report_language=short,
            extracts=extracts,
        )
        try:
            run = await asyncio.to_thread(order)
        except ParameterError as error:
            message = "; ".join(error.problems.values())
            self.answer_json({"message": message, "problems": error.problems}, 400)
            return
        self.settings["worker"].wake()
        self.set_header("Location", f"runs/{run.id}")
        self.answer_json(run_json.run_summary(run), 201)


class ApiRun(SignedInApi):
    """``GET api/projects/<project>/runs/<run>``"""

    async def get(self, project: str, run_id: str) -> None:
        view = await self.ask_mine(reading.run, project, run_id)
        self.answer_json(await asyncio.to_thread(run_json.run_document, view))


class ApiCancelRun(SignedInApi):
    """``POST api/projects/<project>/runs/<run>/cancel``"""

    async def post(self, project: str, run_id: str) -> None:
        await self.ask_mine(reading.run, project, run_id)
        await self.settings["worker"].cancel(run_id)
        view = await self.ask_mine(reading.run, project, run_id)
        self.answer_json(await asyncio.to_thread(run_json.run_document, view))


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _huge(value: object) -> bool:
    return isinstance(value, int) and abs(value) > LARGEST_INTEGER
