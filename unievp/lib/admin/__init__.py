"""What every app's admin pages share: bases, columns, links, confirmation pages.

Imports no app of ours; unfold has no types, so its names get theirs here.
"""

from unievp.lib.admin.bases import (
    AppendOnlyAdmin,
    DeskAdmin,
    DeskTabularInline,
    ReadOnlyAdmin,
    ReadOnlyInline,
    run_for_each,
)
from unievp.lib.admin.columns import column, detail_action, energy, money, power, since, when
from unievp.lib.admin.confirm import Question, ask, ask_for_new, get_row
from unievp.lib.admin.links import change_link, changelist_url, list_link, pretty_json
from unievp.lib.admin.paging import CappedPaginator

__all__ = [
    "AppendOnlyAdmin",
    "CappedPaginator",
    "DeskAdmin",
    "DeskTabularInline",
    "Question",
    "ReadOnlyAdmin",
    "ReadOnlyInline",
    "ask",
    "ask_for_new",
    "change_link",
    "changelist_url",
    "column",
    "detail_action",
    "energy",
    "get_row",
    "list_link",
    "money",
    "power",
    "pretty_json",
    "run_for_each",
    "since",
    "when",
]
