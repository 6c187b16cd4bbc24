"""Database constraints that many models share."""

from __future__ import annotations

from django.db.models import CheckConstraint, Choices, Q


def choice_check(field: str, choices_class: type[Choices], *, name: str) -> CheckConstraint:
    """The database accepts only the values of `choices_class` (and NULL where the column may)."""
    return CheckConstraint(condition=Q(**{f"{field}__in": choices_class.values}), name=name)
