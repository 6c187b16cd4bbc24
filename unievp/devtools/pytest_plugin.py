"""The pytest side of the test services: says where they are, and leaves at the end.

They are brought up by `unievp.devtools.environment.prepare`, when the settings are first read.
"""

import gc
import os

import pytest
from django.utils import translation
from hypothesis import HealthCheck, settings

from unievp.devtools import testing
from unievp.lib.memory import keep_what_is_loaded

# A busy machine is slow: that says nothing about the code.
settings.register_profile(
    "uniev",
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
)
settings.load_profile("uniev")


def pytest_report_header() -> str:
    server = os.environ.get("DATABASE_URL", "").rpartition("@")[2]
    return f"services: PostgreSQL on {server}, Valkey on {os.environ.get('CHANNEL_PREFIX')}"


@pytest.fixture(autouse=True)
def _language() -> None:
    """Each test begins in the platform's language, whatever the one before it spoke."""
    translation.deactivate()


@pytest.fixture
def english(_language: None) -> None:
    """For tests that read sentences: the sources' language."""
    translation.activate("en")


def pytest_configure() -> None:
    # What is loaded until the tests begin is needed to the end.
    gc.disable()


def pytest_collection() -> None:
    # Only now are the applications loaded.
    from unievp.devtools import emptying

    emptying.install()


def pytest_collection_finish() -> None:
    """The collector looks at what tests make, not at the whole project again and again."""
    keep_what_is_loaded()
    gc.set_threshold(20_000, 20, 100)
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    testing.leave()
