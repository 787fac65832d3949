"""Signing in at the pages of a test's own house (``desk_fakes``), in a real browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Page

from tests.integration.desk_fakes import PASSWORD


async def sign_in(page: Page, account: str) -> None:
    """At the sign-in page; returns once the person is in."""
    await page.get_by_test_id("login-account").fill(account)
    await page.get_by_test_id("login-password").fill(PASSWORD)
    await page.get_by_test_id("login-submit").click()
    await page.get_by_test_id("me").wait_for()


@asynccontextmanager
async def page_of(browser: Browser, address: str, account: str, path: str) -> AsyncIterator[Page]:
    """A window of its own, signed in as ``account``, at ``path``."""
    context = await browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    page = await context.new_page()
    try:
        await page.goto(f"{address}/#/login")
        await sign_in(page, account)
        await page.goto(f"{address}/#{path}")
        yield page
    finally:
        await context.close()
