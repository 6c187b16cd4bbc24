"""docs/webhooks.md: its receiver works, and its table is the catalogue."""

from __future__ import annotations

import re
import time

import pytest

from cpo.models import WebhookEndpoint
from cpo.services.webhooks.dispatching import deliver_due
from cpo.services.webhooks.endpoints import create_endpoint, rotate_secret, send_test
from cpo.services.webhooks.signing import new_secret
from cpo.tests.factories import make_cpo, make_member
from cpo.tests.receiver import receiver
from unievp.devtools import webhook_events


@pytest.fixture(scope="module")
def verify():
    page = webhook_events.PAGE.read_text(encoding="utf-8")
    code = re.search(r"<!-- receiver.*?-->\n```python\n(.*?)```", page, re.DOTALL)[1]
    names: dict = {}
    exec(compile(code, "docs/webhooks.md", "exec"), names)
    return names["verify"]


def test_docs_show_the_events_of_today():
    page = webhook_events.PAGE.read_text(encoding="utf-8")
    assert webhook_events.with_table(page) == page, "run python -m unievp.devtools.webhook_events"


@pytest.mark.django_db
def test_receiver_of_the_docs_accepts_what_is_sent_and_nothing_else(verify, settings):
    settings.WEBHOOK_ALLOW_LOOPBACK = True
    cpo = make_cpo()
    owner = make_member(cpo)
    with receiver() as there:
        endpoint = create_endpoint(cpo, url=there.url, event_types=["*"], actor=owner)
        former = endpoint.secret
        renewed = rotate_secret(endpoint, actor=owner).secret
        send_test(WebhookEndpoint.objects.get(), actor=owner)
        deliver_due()
    ((headers, body),) = there.received
    verify(former, headers, body)
    verify(renewed, headers, body)
    old = str(int(time.time()) - 301)
    for secret, changed, content in (
        (new_secret(), headers, body),
        (former, headers, body + b" "),
        (former, headers | {"webhook-id": "another"}, body),
        (former, headers | {"webhook-timestamp": old}, body),
        (former, headers | {"webhook-signature": "v1,"}, body),
    ):
        with pytest.raises(ValueError, match=r"signed|old"):
            verify(secret, changed, content)
