import pytest

from payments.models import PaymentIntent
from unievp.web.tests.paying import driver, make_config, make_outlet, order, page_of

pytestmark = pytest.mark.django_db


def test_first_page_tells_price_state_and_ways_to_pay():
    make_config()
    outlet = make_outlet()
    answer = driver().get(page_of(outlet))
    html = answer.content.decode()
    assert answer.status_code == 200
