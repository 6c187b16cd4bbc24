"""Our own parties: what a CPO of ours is called in OCPI."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from cpo.models import CPO, CPOStatus, User
from cpo.services import audit
from ocpi.models import Party, PartyRole
from unievp.lib.errors import ConflictError

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def ensure_party(cpo: CPO, *, actor: User | str) -> Party:
    """The CPO's party; made now where there is none, by the id that the company gave or a free one.

    Raises ConflictError where the id that it gave is another's.
    """
    found = Party.objects.filter(cpo=cpo, role=PartyRole.CPO).first()
    if found is not None:
        return found
    country = cpo.country_code.upper()
    candidates: Iterator[str] = iter([cpo.party_id.upper()]) if cpo.party_id else _ids(cpo.name)
    for party_id in candidates:
        try:
            with transaction.atomic():
                party = Party.objects.create(
                    cpo=cpo,
                    role=PartyRole.CPO,
                    country_code=country,
                    party_id=party_id,
                    name=cpo.name[:100],
                )
                audit.record(
                    actor=actor,
                    action="ocpi_party.create",
                    subject=party,
                    after={"party": str(party)},
                    cpo=cpo,
                )
        except IntegrityError:
            # Another process may have made this CPO's party meanwhile.
            found = Party.objects.filter(cpo=cpo, role=PartyRole.CPO).first()
            if found is not None:
                return found
            continue
        return party
    raise ConflictError(_("No party id is free; give the company one."), field="party_id")


def ensure_parties(*, actor: User | str) -> None:
    """A party for each verified CPO."""
    missing = CPO.objects.filter(status=CPOStatus.VERIFIED).exclude(
        ocpi_parties__role=PartyRole.CPO
    )
    for cpo in missing:
        ensure_party(cpo, actor=actor)


def _ids(name: str) -> Iterator[str]:
    """Three letters of the name, then its first two with anything, then anything."""
    letters = re.sub(r"[^A-Z0-9]", "", name.upper())
    base = (letters + "XXX")[:3]
    yield base
    for last in _LETTERS:
        yield base[:2] + last
    for parts in itertools.product(_LETTERS, repeat=3):
        yield "".join(parts)
