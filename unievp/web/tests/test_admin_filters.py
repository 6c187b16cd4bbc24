"""A list says what it leaves out, and a refusal names the row that it is about."""

from __future__ import annotations

import html
import re

import pytest
from django.urls import reverse
from django.utils.http import urlencode

from chargers.models import Charger, ChargingSession
from cpo.models import User
from unievp.lib import clock
from unievp.lib.admin import run_for_each
from unievp.lib.errors import ConflictError
from unievp.web.tests.rows import make_row

pytestmark = [pytest.mark.django_db, pytest.mark.proves("pain 51")]


@pytest.fixture
def root(client):
    user = User.objects.create_superuser("root", "root@staff.example")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    client.cookies["django_language"] = "en"
    return user


def listed(client, **query):
    url = reverse("admin:chargers_chargingsession_changelist")
    response = client.get(f"{url}?{urlencode(query)}")
    assert response.status_code == 200
    return response


def shown(response):
    """What stands above the list: title and value of each filter in force."""
    page = html.unescape(response.content.decode())
    strip = re.search(r'<div[^>]*role="status">(.*?)</div>', page, re.DOTALL)
    if strip is None:
        return []
    return [
        (title.strip(), value)
        for title, value in re.findall(
            r"<span>([^<]*): <span[^>]*>([^<]*)</span></span>", strip.group(1)
        )
    ]


def test_a_whole_list_says_nothing(client, root):
    make_row(ChargingSession)
    assert shown(listed(client)) == []


def test_each_filter_in_force_is_named_in_words_and_can_be_dropped(client, root):
    session = make_row(ChargingSession)
    response = listed(
        client,
        status__exact="active",
        cpo__id__exact=session.cpo_id,
        started_at_from_0="2026-01-01",
        q="nothing",
    )
    assert (
        dict(shown(response)).items()
        >= {
            "Search": "nothing",
            "Status": "Charging",
            "CPO": str(session.cpo),
        }.items()
    )
    assert response.context["cl"].result_count == 0
    for one in response.context["cl"].active_filters:
        dropped = client.get(response.request["PATH_INFO"] + one.url)
        left = dropped.context["cl"].active_filters
        assert {item.title for item in left} == {
            item.title for item in response.context["cl"].active_filters
        } - {one.title}
    # The last one dropped shows what was hidden.
    assert listed(client).context["cl"].result_count == 1


@pytest.mark.parametrize("value", ["nonsense", "00000000-0000-0000-0000-000000000000"])
def test_a_filter_for_nothing_known_shows_what_was_asked(value, client, root):
    url = reverse("admin:chargers_chargingsession_changelist")
    response = client.get(f"{url}?cpo__id__exact={value}")
    # Django sends away who asks for what cannot be.
    assert response.status_code in (200, 302)
    if response.status_code == 200:
        assert ("CPO", value) in shown(response)


def test_a_refused_action_links_to_the_row_it_is_about(client, root, rf):
    from django.contrib import admin
    from django.contrib.messages import get_messages
    from django.contrib.messages.storage.fallback import FallbackStorage

    good, bad = make_row(Charger), make_row(Charger)
    Charger.objects.filter(pk=bad.pk).update(retired_at=clock.now())
    request = rf.get("/")
    request.user, request.session = root, {}
    request._messages = FallbackStorage(request)

    def service(charger):
        if charger.pk == bad.pk:
            raise ConflictError("<retired>")

    desk = admin.site._registry[Charger]
    run_for_each(desk, request, Charger.objects.filter(pk__in=[good.pk, bad.pk]), service)
    texts = [str(message) for message in get_messages(request)]
    (refusal,) = (text for text in texts if "retired" in text)
    assert reverse("admin:chargers_charger_change", args=(bad.pk,)) in refusal
    assert bad.identity in refusal
    assert good.identity not in refusal
    assert "&lt;retired&gt;" in refusal
