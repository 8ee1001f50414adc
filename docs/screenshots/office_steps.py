"""Steps that several scenes of the office take."""

from playwright.sync_api import Page


def deed(page: Page, title: str) -> None:
    """The form behind one of a page's buttons."""
    page.locator(".gk-deeds a", has_text=title).first.click()
    page.locator(".gk-form").wait_for()


def submit(page: Page) -> None:
    page.locator(".gk-submit button").click()
