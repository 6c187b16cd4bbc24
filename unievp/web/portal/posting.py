"""What every small form of the portal does: act, say what came of it, go back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from unievp.lib.errors import DomainError


def do_and_return(
    request: HttpRequest,
    act: Callable[[], object],
    done: str,
    view: str,
    *args: Any,
    query: dict[str, Any] | None = None,
) -> HttpResponse:
    """Call `act`, say what it returns (else `done`) or why not, and go back to `view`."""
    try:
        said = act()
    except DomainError as refusal:
        messages.error(request, str(refusal))
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        messages.success(request, said if isinstance(said, str) else done)
    address = reverse(view, args=args)
    return redirect(f"{address}?{urlencode(query)}" if query else address)
