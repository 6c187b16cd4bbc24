"""Every page in both languages, at a desk and on a phone, by day and by night.

Nothing may go wrong in the browser (`Visitor.troubles`: errors, the policy, foreign hosts), nothing
may be wider than the screen, and axe may find nothing serious (once by day at the desk, once by
night on the phone). `PICTURES=1` keeps a screenshot of each, for people to look at.
"""

from __future__ import annotations

import os
import time

import pytest

from e2e.conftest import PHONE, WIDE
from e2e.processes import aside
from e2e.walk.axe import grave_issues
from e2e.walk.business import make_business
from e2e.walk.pages import ACCOUNT, DESK, DRIVER, ENTRANCE, PORTAL, STATUS
from unievp.web.tests.cast import person

PASSWORD = "a-long-password"
STAFF = "desk@platform.example"
PATIENCE_S = 15
# A busy machine needs a multiple of the half minute that each takes.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


class Walk:
    """One person, one language, one theme; every page at both widths."""

    def __init__(self, visitor, language, ids, judged_at):
        self.visitor, self.language, self.ids = visitor, language, ids
        self.judged_at = judged_at
        self.found = []
        # A page is left before its font is painted.
        visitor.expected.append("was preloaded")
        # The browser says so about the pages that tell of something that is not there.
        visitor.expected.append("the server responded with a status of 4")
        visitor.context.set_default_timeout(30_000)

    def look(self, address):
        page, where = self.visitor.page, address.format(**self.ids)
        answer = page.goto(f"{self.visitor.server}{where}")
        if answer.status != STATUS.get(address, 200):
            self.found.append(f"{address}: {answer.status}")
        self.look_at_this(address)

    def look_at_this(self, address):
        page = self.visitor.page
        if page.locator("html").get_attribute("lang") != self.language:
            self.found.append(f"{address}: not in {self.language}")
        for size in (WIDE, PHONE):
            page.set_viewport_size(size)
            troubles = [*self.too_wide(), *(grave_issues(page) if size == self.judged_at else ())]
            self.found += [f"{address} at {size['width']}: {each}" for each in troubles]
            if "PICTURES" in os.environ:
                name = f"walk{address}-{self.language}-{size['width']}".replace("/", "_")
                self.visitor.picture(name, whole=True)

    def too_wide(self):
        """Something of the page as it stands is out of sight."""
        page, deadline = self.visitor.page, time.monotonic() + PATIENCE_S
        screen = page.viewport_size["width"]
        # Charts follow the width of their box a moment later.
        while (width := page.evaluate("document.documentElement.scrollWidth")) > screen:
            if time.monotonic() > deadline:
                yield f"{width} px wide"
                break
            page.wait_for_timeout(50)

    def say_the_password_again(self):
        """As the pages about second factors want."""
        page = self.visitor.page
        self.look("/accounts/reauthenticate/")
        page.fill("input[name=password]", PASSWORD)
        page.locator("form[action='/accounts/reauthenticate/'] button").click()
        page.wait_for_url(f"{self.visitor.server}/")

    def send_an_old_form(self):
        """The page for errors: a form whose cookie is gone."""
        page = self.visitor.page
        page.goto(f"{self.visitor.server}/accounts/login/")
        self.visitor.context.clear_cookies()
        page.fill("input[name=login]", "a@b.example")
        page.fill("input[name=password]", "x")
        page.locator("form[action='/accounts/login/'] button[type=submit]").click()
        page.wait_for_selector(".error-code")
        self.look_at_this("an old form")


BOTH = pytest.mark.parametrize(
    ("language", "dark", "judged_at"),
    [("en", False, WIDE), ("id", True, PHONE)],
    ids=["by-day", "by-night"],
)


@BOTH
def test_every_page_is_whole_and_open_to_everybody(
    visit, transactional_db, language, dark, judged_at
):
    business = aside(make_business)
    walk = Walk(visit(language=language, dark=dark), language, business.ids, judged_at)
    for address in (*ENTRANCE, *DRIVER):
        walk.look(address)
    walk.send_an_old_form()
    walk.visitor.sign_in(business.owner.email, PASSWORD, to="/notifications")
    walk.say_the_password_again()
    for address in (*PORTAL, *ACCOUNT):
        walk.look(address)
    assert not walk.found, "\n".join(walk.found)


@BOTH
def test_desk_is_whole_and_open_to_everybody(visit, transactional_db, language, dark, judged_at):
    business = aside(make_business)
    aside(person, STAFF, is_staff=True, is_superuser=True)
    walk = Walk(visit(language=language, dark=dark), language, business.ids, judged_at)
    walk.visitor.sign_in(STAFF, PASSWORD, to="/admin/")
    for address in DESK:
        walk.look(address)
    assert not walk.found, "\n".join(walk.found)
