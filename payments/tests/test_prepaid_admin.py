"""What staff see of prepaid charges, and how they stop one."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import translation

from chargers.models import Command
from payments.models import PrepaidCharge
from payments.selectors.progress import Stage, progress
from payments.services.prepaid.stopping import DOES_NOT_STOP
from payments.tests.factories import make_staff
from payments.tests.prepaid import charging

pytestmark = pytest.mark.django_db
LIST = "admin:payments_prepaidcharge_changelist"


@pytest.fixture
def staff(client):
    staff = make_staff()
    client.force_login(staff)
    with translation.override("en"):
        yield staff


def test_staff_stop_a_charge_from_its_page(client, fake, staff):
    intent = charging(fake)
    url = reverse("admin:payments_prepaidcharge_stop_it", args=(intent.charge.pk,))
    assert client.get(url).status_code == 200
    assert not Command.objects.filter(action="RemoteStopTransaction").exists()
    assert client.post(url, follow=True).status_code == 200
    assert progress(intent).stage == Stage.STOPPING
    assert Command.objects.get(action="RemoteStopTransaction").requested_by == staff


def test_charges_that_need_a_person_are_found_by_a_filter(client, fake, staff):
    odd, fine = charging(fake), charging(fake)
    PrepaidCharge.objects.filter(intent=odd).update(trouble=DOES_NOT_STOP)
    page = client.get(reverse(LIST), {"trouble": "1"}, headers={"accept-language": "en"})
    html = page.content.decode()
    assert str(odd) in html
    assert str(fine) not in html
    assert DOES_NOT_STOP in html
