"""Chromium with a person's cookies, for the attacks that need a page.

Playwright's pages belong to one thread and its loop. This one has a thread of its own, since the tests in
``tests/browser`` have another in the main thread.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Download, Error, Page, sync_playwright

if TYPE_CHECKING:
    from tests.redteam.targets import Target

T = TypeVar("T")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]


class Chromium:
    """A browser, started when it is first used."""

    def __init__(self) -> None:
        self.thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="chromium")
        self.playwright: Any = None

    def do(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run ``work`` in the browser's thread."""
        return self.thread.submit(work, *arguments).result()

    @cached_property
    def browser(self) -> Browser:
        """The browser; of its thread only."""
        program = (
            os.environ.get("CARREL_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
        )
        assert program, "Chromium is not installed; mend it with: apt-get install chromium fonts-noto-cjk"
        self.playwright = sync_playwright().start()
        return self.playwright.chromium.launch(executable_path=program, args=FLAGS)

    def close(self) -> None:
        """End it."""
        if self.playwright is not None:
            self.do(self.browser.close)
            self.do(self.playwright.stop)
        self.thread.shutdown()


class Window:
    """One person's window, signed in. `do` gives its page to a function, and waits."""

    def __init__(self, chromium: Chromium, site: Target):
        self.chromium = chromium
        self.site = site
        self.downloads: list[bytes] = []
        self.context, self.page = chromium.do(self._open)

    def _open(self) -> tuple[BrowserContext, Page]:
        # High enough that JupyterLab draws every cell: what is not drawn loads nothing.
        context = self.chromium.browser.new_context(
            accept_downloads=True, viewport={"width": 1280, "height": 4000}
        )
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=self.site.outside.browser_url)
        host = {"domain": "127.0.0.1"}
        context.add_cookies(
            [
                {"name": c.name, "value": c.value or "", "path": c.path, **host}
                for c in self.site.person.cookies
            ]
        )
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("download", self._downloaded)
        page.on("dialog", lambda dialog: dialog.accept())
        return context, page

    def _downloaded(self, download: Download) -> None:
        with contextlib.suppress(Error):
            self.downloads.append(Path(download.path()).read_bytes())

    def do(self, work: Callable[[Page], T]) -> T:
        """Run ``work`` with the page."""
        return self.chromium.do(work, self.page)

    def clipboard(self, text: str | None = None) -> str:
        """What is on the person's clipboard, once ``text`` is put there if it is given: as another page has it."""

        def elsewhere() -> str:
            page = self.context.new_page()
            page.goto(self.site.outside.browser_url)
            if text is not None:
                page.evaluate("text => navigator.clipboard.writeText(text)", text)
            held = page.evaluate("() => navigator.clipboard.readText()")
            page.close()
            self.page.bring_to_front()
            return held

        return self.chromium.do(elsewhere)

    def close(self) -> None:
        """Close the window and all that it opened."""
        with contextlib.suppress(Error):
            self.chromium.do(self.context.close)


def open_lab(page: Page, lab: str) -> None:
    """Load the JupyterLab at ``lab`` anew."""
    page.goto(f"{lab}?reset")
    page.locator("#jupyterlab-splash").wait_for(state="detached", timeout=30_000)
    page.locator(".jp-DirListing-content").wait_for(timeout=30_000)


def open_notebook(page: Page, lab: str, name: str) -> None:
    """Open a notebook from the file browser, and wait until its kernel is idle."""
    open_lab(page, lab)
    entry = page.locator(".jp-DirListing-item", has_text=name).first
    entry.wait_for(timeout=30_000)
    entry.dblclick()
    page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=30_000)
    page.wait_for_function(
        "() => /Idle|空闲/.test(document.querySelector('#jp-main-statusbar')?.textContent ?? '')",
        timeout=30_000,
    )


def run_all(page: Page) -> None:
    """Run every cell, and wait until each has run."""
    page.locator(".jp-Notebook .jp-Cell").first.click()
    for key in ("Escape", "Control+a", "Control+Enter"):
        page.keyboard.press(key)
    page.wait_for_function(
        r"""() => {
          const prompts = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')];
          return prompts.length && prompts.every(each => /\[\d+\]/.test(each.textContent));
        }""",
        timeout=30_000,
    )


def click_links(page: Page) -> None:
    """Click on every link that an output or a text shows."""
    links = page.locator(".jp-OutputArea-output a, .jp-MarkdownOutput a").all()
    # Those that stay in the page come last: they open something in front of the others.
    for link in sorted(links, key=lambda link: _stays(page, link.get_attribute("href"))):
        with contextlib.suppress(Error):
            if link.is_visible():  # hidden ones would each wait in vain
                link.click(timeout=5000, force=True, no_wait_after=True)


def _stays(page: Page, address: str | None) -> bool:
    scheme, _, rest = (address or "").partition(":")
    return not rest or (scheme == "http" and urlsplit(address).netloc == urlsplit(page.url).netloc)


def settled(page: Page, seconds: float) -> None:
    """Leave the page the time to ask for what it still wants. Downloads arrive meanwhile."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        page.wait_for_timeout(100)
