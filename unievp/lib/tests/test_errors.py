from __future__ import annotations

import pytest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from unievp.lib import errors


@pytest.mark.parametrize(
    ("error_class", "status"),
    [
        (errors.DomainError, 400),
        (errors.InvalidError, 400),
        (errors.ForbiddenError, 403),
        (errors.NotFoundError, 404),
        (errors.ConflictError, 409),
        (errors.RefusedError, 422),
    ],
)
def test_each_error_has_the_status_of_the_contract(error_class, status):
    error = error_class("Because.")
    assert isinstance(error, errors.DomainError)
    assert error.as_problem()["status"] == status
    assert str(error) == "Because."


def test_a_problem_names_field_and_code():
    with override("en"):
        problem = errors.RefusedError("Too late.", field="ends_at", code="past").as_problem()
    assert problem == {
        "type": "urn:uniev:problem:past",
        "title": "Refused",
        "status": 422,
        "detail": "Too late.",
        "errors": {"ends_at": ["Too late."]},
    }


def test_a_problem_without_field_and_code_is_about_blank():
    problem = errors.NotFoundError("No such charger.").as_problem()
    assert problem["type"] == "about:blank"
    assert problem["errors"] == {}


def test_lazy_text_becomes_plain_text():
    problem = errors.InvalidError(_("Password"), field="password").as_problem()
    assert type(problem["detail"]) is str
    assert type(problem["title"]) is str
    assert type(problem["errors"]["password"][0]) is str
