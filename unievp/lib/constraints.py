"""Database constraints that many models share."""

from __future__ import annotations

from django.db.models import CheckConstraint, Choices, Q


def choice_check(
    field: str, choices_class: type[Choices], *, name: str, blank: bool = False
) -> CheckConstraint:
    """The database accepts only the values of `choices_class`, NULL, and "" where `blank`."""
    values = [*choices_class.values, *([""] if blank else [])]
    return CheckConstraint(condition=Q(**{f"{field}__in": values}), name=name)
