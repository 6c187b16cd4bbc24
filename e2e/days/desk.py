"""What platform staff do at a row's page in the admin."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def take_action(page: Page, name: str) -> None:
    """Open the page of the action whose address ends in `name`; on a phone it is in a menu."""
    link = page.locator(f"a[href$='/{name}/']").first
    menu = page.locator("a[x-on\\:click*=showActions]")
    expect(link.or_(menu).locator("visible=true").first).to_be_visible()
    if menu.is_visible():
        menu.click()
    link.click()
    page.wait_for_url(f"**/{name}/")


def confirm(page: Page, **answers: str) -> None:
    """Fill the fields of the question and say yes; the page of the row follows."""
    form = page.locator(".max-w-2xl form")
    for field, value in answers.items():
        form.locator(f"[name={field}]").fill(value)
    form.locator("button[type=submit]").click()
