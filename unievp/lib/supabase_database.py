"""What a PostgreSQL of Supabase needs of its clients, told by the host's name alone."""

from __future__ import annotations

# Direct connections and the dedicated pooler; the shared poolers.
_DOMAINS = (".supabase.co", ".supabase.com")


def is_supabase_host(host: str) -> bool:
    """Whether `host`, as written in DATABASE_URL, is a database or a pooler of Supabase."""
    return host.lower().rstrip(".").endswith(_DOMAINS)


def encrypted(host: str, options: dict[str, str]) -> dict[str, str]:
    """`options` of libpq, with TLS required where `host` is Supabase's and nobody chose a mode.

    libpq's own default ("prefer") goes on in plain text when TLS is refused, and these databases
    are reached over the open internet.
    """
    return {"sslmode": "require", **options} if is_supabase_host(host) else options
