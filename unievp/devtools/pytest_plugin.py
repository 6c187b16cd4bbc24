"""The pytest side of the test services: says where they are, and leaves at the end.

They are brought up by `unievp.devtools.environment.prepare`, when the settings are first read.
"""

import os

import pytest

from unievp.devtools import testing


def pytest_report_header() -> str:
    server = os.environ.get("DATABASE_URL", "").rpartition("@")[2]
    return f"services: PostgreSQL on {server}, Valkey on {os.environ.get('CHANNEL_PREFIX')}"


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    testing.leave()
