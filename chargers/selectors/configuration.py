"""What a charger said about itself in GetConfiguration: the limits that commands must respect."""

from __future__ import annotations

from chargers.models import ConfigurationKey


def known_value(charger_pk: int, key: str) -> str | None:
    """The value of `key` (in any case) as last read; None where it is unknown or never read."""
    row = ConfigurationKey.objects.filter(
        charger_id=charger_pk, key__iexact=key, known=True
    ).first()
    return row.value if row else None


def known_number(charger_pk: int, key: str) -> int | None:
    """`known_value` as a whole number; None also where the charger reported something else."""
    value = known_value(charger_pk, key)
    try:
        return int(value) if value is not None else None
    except ValueError:
        return None


def known_words(charger_pk: int, key: str) -> frozenset[str] | None:
    """`known_value` of a comma separated list, e.g. SupportedFeatureProfiles."""
    value = known_value(charger_pk, key)
    if value is None:
        return None
    return frozenset(word.strip() for word in value.split(",") if word.strip())
