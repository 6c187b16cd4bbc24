"""What a list leaves out, said above it: each filter in force, with a way to drop it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext as _

_SEARCH = "q"


class ActiveFilter(NamedTuple):
    """`url`: the same list without it."""

    title: str
    value: str
    url: str


def active_filters(changelist: Any) -> list[ActiveFilter]:
    """The search and the filters of `changelist` (Django's ChangeList) that are in force."""
    return [*_search(changelist), *_filters(changelist)]


def _search(changelist: Any) -> Iterator[ActiveFilter]:
    if changelist.query:
        url = changelist.get_query_string(remove=[_SEARCH])
        yield ActiveFilter(_("Search"), changelist.query, url)


def _filters(changelist: Any) -> Iterator[ActiveFilter]:
    for spec in changelist.filter_specs:
        names = [name for name in spec.expected_parameters() if name]
        given = [
            str(changelist.params[name])
            for name in names
            if changelist.params.get(name) not in (None, "", [])
        ]
        if given:
            url = changelist.get_query_string(remove=names)
            yield ActiveFilter(capfirst(str(spec.title)), _shown(changelist, spec, given), url)


def _shown(changelist: Any, spec: Any, given: list[str]) -> str:
    """The chosen words, else the row that was chosen, else what stands in the address."""
    words = [
        str(choice["display"])
        for choice in spec.choices(changelist)
        if choice.get("selected") and choice.get("display")
    ]
    if words:
        return ", ".join(words)
    return _related(spec, given) or " - ".join(given)


def _related(spec: Any, given: list[str]) -> str:
    field = getattr(spec, "field", None)
    model = getattr(field, "related_model", None)
    if model is None:
        return ""
    try:
        row = model._default_manager.filter(pk=given[0]).first()
    except (FieldDoesNotExist, ValidationError, ValueError):
        return ""
    return str(row) if row is not None else ""
