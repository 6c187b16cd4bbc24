"""TLS to Supabase's PostgreSQL, by the host's name."""

from __future__ import annotations

import pytest

from unievp.lib.supabase_database import encrypted


@pytest.mark.parametrize(
    "host",
    [
        "db.abcdefgh.supabase.co",
        "aws-0-ap-southeast-1.pooler.supabase.com",
        "AWS-0-AP-SOUTHEAST-1.POOLER.SUPABASE.COM.",
    ],
)
def test_a_host_of_supabase_is_reached_by_tls(host: str) -> None:
    assert encrypted(host, {"application_name": "web"}) == {
        "sslmode": "require",
        "application_name": "web",
    }


@pytest.mark.parametrize("mode", ["verify-full", "disable"])
def test_a_mode_that_the_url_names_is_kept(mode: str) -> None:
    assert encrypted("db.abcdefgh.supabase.co", {"sslmode": mode}) == {"sslmode": mode}


@pytest.mark.parametrize("host", ["", "localhost", "supabase.co.example", "notsupabase.co"])
def test_another_host_is_left_as_it_is(host: str) -> None:
    assert encrypted(host, {}) == {}
