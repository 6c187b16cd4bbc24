"""GET /open-data/{party}/locations: what partners see of places and prices, for everybody.

The same objects as in OCPI 2.2.1, without an envelope; any site may read them in a browser.
"""

from __future__ import annotations

from typing import Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import condition, require_safe

from ocpi.models import Party
from ocpi.services.open_data import open_locations, open_party, open_tariffs, version_of
from unievp.lib.throttle import Rate, client_address

# Whoever wants each change sooner asks with If-None-Match, which costs nothing.
_RATE: Final = Rate("open-data", 60, 60)
_KEPT_S: Final = 60


@require_safe
def locations(request: HttpRequest, party: str) -> HttpResponseBase:
    wait = _RATE.retry_after(client_address(request))
    if wait:
        return HttpResponse(status=429, headers={"Retry-After": str(wait)})
    found = open_party(party)
    if found is None:
        raise Http404
    version, changed = version_of(found)
    answer = condition(
        etag_func=lambda _request: f'"{version}"', last_modified_func=lambda _request: changed
    )(lambda _request: _body(found))(request)
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Cache-Control"] = f"public, max-age={_KEPT_S}"
    return answer


def _body(party: Party) -> HttpResponse:
    """Bodies are stored as JSON: the answer is a join of texts."""
    places = ",".join(open_locations(party).values_list("body", flat=True))
    prices = ",".join(open_tariffs(party).values_list("body", flat=True))
    text = f'{{"locations":[{places}],"tariffs":[{prices}]}}'
    return HttpResponse(text, content_type="application/json")
