from __future__ import annotations

import pytest
from django.db.models import TextChoices

from unievp.lib.constraints import choice_check
from unievp.lib.errors import ConflictError
from unievp.lib.transitions import Transitions


class Status(TextChoices):
    QUEUED = "queued", "Queued"
    SENT = "sent", "Sent"
    DONE = "done", "Done"
    EXPIRED = "expired", "Expired"


TABLE = {Status.QUEUED: {Status.SENT, Status.EXPIRED}, Status.SENT: {Status.DONE}}
LISTED = {("queued", "sent"), ("queued", "expired"), ("sent", "done")}


@pytest.mark.parametrize("old", Status.values)
@pytest.mark.parametrize("new", Status.values)
def test_exactly_the_listed_transitions_are_allowed(old, new):
    transitions = Transitions(TABLE)
    assert transitions.allows(old, new) is ((old, new) in LISTED)
    assert transitions.allows(Status(old), Status(new)) is ((old, new) in LISTED)


def test_a_refused_transition_is_a_conflict():
    with pytest.raises(ConflictError) as caught:
        Transitions(TABLE).check(Status.DONE, Status.QUEUED)
    assert caught.value.code == "transition_not_allowed"
    assert "done" in str(caught.value)
    assert "queued" in str(caught.value)


def test_an_allowed_transition_passes():
    Transitions(TABLE).check("queued", "sent")


def test_an_unknown_status_may_become_nothing():
    assert not Transitions(TABLE).allows("lost", "sent")


def test_sources_are_the_guard_of_an_update():
    assert Transitions(TABLE).sources("done") == {"sent"}
    assert Transitions(TABLE).sources("queued") == set()


def test_choice_check_lists_the_values_under_its_sentence():
    constraint = choice_check("status", Status, name="command_status_is_known")
    assert constraint.name == "command_status_is_known"
    assert constraint.condition.children == [
        ("status__in", ["queued", "sent", "done", "expired"]),
    ]
