"""REST framework's pages for people: each form begins with a body that works."""

from __future__ import annotations

import json
from typing import Any

from rest_framework.renderers import BrowsableAPIRenderer


class ApiPages(BrowsableAPIRenderer):
    def get_raw_data_form(self, data: Any, view: Any, method: str, request: Any) -> Any:
        form = super().get_raw_data_form(data, view, method, request)
        if form is not None:
            form.fields["_content"].initial = _example(view, method)
        return form

    def get_filter_form(self, data: Any, view: Any, request: Any) -> None:
        """None: the address is the filter, and what it takes is in the documentation."""


def _example(view: Any, method: str) -> str:
    """What the operation's serializer shows (`unievp.lib.api.examples`), for people to change."""
    handler = getattr(view, method.lower(), None)
    schema = getattr(handler, "kwargs", {}).get("schema")
    if schema is None:
        return ""
    operation = schema()
    operation.view, operation.method = view, method
    kind = operation.get_request_serializer()
    annotation = getattr(kind, "_spectacular_annotation", {})
    return "".join(
        json.dumps(shown.value, indent=4, ensure_ascii=False)
        for shown in annotation.get("examples", [])[:1]
    )
