"""Working in JupyterLab as a person does."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect


def wait_for_lab(page: Page) -> None:
    """Until JupyterLab stands and its curtain is gone."""
    page.wait_for_url("**/lab**", timeout=90_000)
    page.locator("#jp-main-dock-panel").wait_for(timeout=60_000)
    page.locator("#jupyterlab-splash").wait_for(state="detached", timeout=30_000)


def open_desk(page: Page) -> None:
    """From the portal's page into the desk of the first project."""
    page.get_by_role("link", name=re.compile("Open desk|打开桌面")).first.click()
    wait_for_lab(page)
    # Whatever windows this desk showed last are a former visit's.
    page.goto(page.url.split("/lab")[0] + "/lab?reset")
    wait_for_lab(page)


def new_notebook(page: Page) -> None:
    """A new Python notebook, its kernel idle."""
    page.locator(".jp-LauncherCard[data-category]").first.click()
    page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    # Until then a cell that is run does nothing, and says nothing.
    expect(page.locator("#jp-main-statusbar")).to_contain_text(re.compile(r"\| (Idle|空闲)"), timeout=60_000)


def run_cell(page: Page, code: str) -> str:
    """Run ``code`` in the last cell of the notebook; returns what its outputs say."""
    cells = page.locator(".jp-Notebook .jp-CodeCell")
    number = cells.count() - 1
    cells.nth(number).locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(code)
    page.keyboard.press("Shift+Enter")
    expect(cells.nth(number).locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"), timeout=60_000)
    outputs = cells.nth(number).locator(".jp-OutputArea-child")
    return cells.nth(number).locator(".jp-OutputArea").inner_text() if outputs.count() else ""
