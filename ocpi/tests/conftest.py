import pytest

from ocpi.tests.calling import Caller
from ocpi.tests.contract import check_sent
from ocpi.tests.emsp import make_emsp_party
from ocpi.tests.partners import connect_partner
from ocpi.tests.peer import running_peer


@pytest.fixture(scope="session")
def _peer():
    with running_peer() as peer:
        yield peer


@pytest.fixture
def peer(_peer, settings):
    """A foreign platform that answers well, with an empty memory."""
    settings.OCPI_ALLOW_LOOPBACK = True
    settings.OCPI_PUBLIC_URL = "https://uniev.example"
    _peer.reset()
    yield _peer
    sent = list(_peer.requests)
    _peer.reset()
    for request in sent:
        check_sent(request)


@pytest.fixture
def partner(db, peer):
    """A mobility provider (NL-TNM) that is connected; `partner.caller` calls us with its token."""
    return connect_partner(peer)


@pytest.fixture
def our_party(db):
    """Somebody of ours whom partners may know."""
    return make_emsp_party()


@pytest.fixture
def call(partner):
    return Caller(partner.access_token)
