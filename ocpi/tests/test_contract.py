"""The check of every object bites, and knows every module that we serve or call."""

from __future__ import annotations

import pytest

from ocpi.modules import SERVED
from ocpi.objects.editions import VERSIONS
from ocpi.tests import contract
from ocpi.tests.peer import Request


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/2.2.1/sessions/ID/NUS/S1"),
        ("PATCH", "/2.2.1/locations/ID/NUS/L1/E1"),
        ("POST", "/2.3.0/credentials"),
        ("POST", "/2.2.1/commands/STOP_SESSION"),
        ("POST", "/results/1"),
        # No model is known for it.
        ("POST", "/2.2.1/invoices"),
    ],
)
def test_request_that_is_no_object_of_the_specification_fails(method, path):
    with pytest.raises(AssertionError):
        contract.check_sent(Request(method, path, {}, {"token": None, "price": 1.5}))


def test_every_answer_of_ours_has_a_model():
    """But for what operators and providers told us, which goes back as it came."""
    theirs = {"ocpi/emsp": {"locations", "tariffs", "sessions", "cdrs", "commands"}}
    theirs["ocpi/cpo"] = {"tokens"}
    for version in VERSIONS:
        for module in SERVED:
            path = module.url(version).split("/", 3)[3]
            side, name = path.rsplit("/", 2)[0], module.identifier
            known = contract.model_of_answer(path.split("/")[1:])
            assert (known is None) == (name in theirs[side]), path
