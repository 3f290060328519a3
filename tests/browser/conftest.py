"""Real Chromium on the running demo site. Screenshots taken here are the ones that the docs show."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from site_fixtures import TestProject

from provisioning.host.one_time_code import fresh_code

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs/images"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = (
        os.environ.get("CARREL_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    assert program, "Chromium is not installed; mend it with: apt-get install chromium fonts-noto-cjk"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def new_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """A window of its own, with no cookies; in 'en-GB' or 'zh-CN'. What its console complained of is `.errors`."""
    opened: list[BrowserContext] = []

    def make(language: str = "en-GB", **options: Any) -> Page:
        options.setdefault("viewport", {"width": 1280, "height": 800})
        context = chromium.new_context(locale=language, **options)
        opened.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        return page

    yield make
    for context in opened:
        context.close()


@pytest.fixture
def enter(running_site, new_page) -> Callable[..., Page]:
    """Sign in through the form as one of the demo's people, or as a test project's member."""
    _, known = running_site

    def sign_in(role: str | TestProject = "clinician", language: str = "en-GB", **options: Any) -> Page:
        page = new_page(language, **options)
        user = (
            known["users"][role]
            if isinstance(role, str)
            else {"name": role.account, "password": role.password, "totp": role.totp}
        )
        page.goto(known["url"])
        page.fill("input[name=username]", user["name"])
        page.fill("input[name=password]", user["password"])
        page.fill("input[name=code]", fresh_code(user["totp"]))
        page.press("input[name=code]", "Enter")
        page.wait_for_url("**/services/portal/**")
        return page

    return sign_in


@pytest.fixture
def picture() -> Callable[[Page, str], None]:
    """Keep what the page shows as ``docs/images/<name>.png``."""

    def take(page: Page, name: str) -> None:
        IMAGES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=IMAGES / f"{name}.png", animations="disabled", caret="hide")

    return take
