from itertools import product

import pytest

from tickets.states import TICKET

STATUSES = ["open", "in_progress", "waiting", "resolved", "closed", "reopened"]
UNDER_WORK = {"open", "in_progress", "waiting", "reopened"}


@pytest.mark.parametrize("old", sorted(UNDER_WORK))
@pytest.mark.parametrize("new", ["resolved", "closed"])
def test_an_unfinished_ticket_may_always_be_finished(old, new):
    assert TICKET.allows(old, new)


@pytest.mark.parametrize("old", ["resolved", "closed"])
def test_a_finished_ticket_comes_back_only_by_being_reopened(old):
    assert {new for new in UNDER_WORK if TICKET.allows(old, new)} == {"reopened"}


def test_only_a_finished_ticket_is_reopened_and_none_changes_to_itself():
    assert TICKET.sources("reopened") == {"resolved", "closed"}
    assert not any(
        old == new and TICKET.allows(old, new) for old, new in product(STATUSES, STATUSES)
    )
