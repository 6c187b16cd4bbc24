"""Issuing and changing tokens. Every change is audited and reaches the chargers that list them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from chargers.events import IdTokensChanged
from chargers.models import Charger, IdToken, IdTokenStatus, TokenSighting
from cpo.models import CPO, Driver, User
from cpo.services import audit
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError
from unievp.lib.events import publish

LONGEST: Final = 20  # CiString20 (OCPP 1.6 §7.28)
LONGEST_LABEL: Final = 120
MOST_AT_ONCE: Final = 32_767
FIELDS: Final = (
    "token",
    "group",
    "label",
    "status",
    "expires_at",
    "max_concurrent",
    "charger",
    "driver",
    "payer_reference",
)
_TEXTS: Final = {"token": LONGEST, "group": LONGEST, "label": LONGEST_LABEL}


def create_token(cpo: CPO | None, *, token: str, actor: User | str, **values: Any) -> IdToken:
    """Issue a token; `values` are others of FIELDS. `cpo` None: the platform's own.

    Raises InvalidError (naming the field) and ConflictError (the CPO has it, in any case).
    """
    with transaction.atomic():
        row = IdToken(cpo=cpo)
        _fill(row, {"token": token, **values})
        _store(row)
        _note(row, actor, "idtoken.added", {}, _plain(row))
    return row


def change_token(row: IdToken, *, actor: User | str, **values: Any) -> IdToken:
    """Change some of FIELDS; nothing happens where nothing differs. Raises as `create_token`."""
    with transaction.atomic():
        row = IdToken.objects.select_for_update(of=("self",)).select_related("cpo").get(pk=row.pk)
        before = _plain(row)
        _fill(row, values)
        after = _plain(row)
        if after == before:
            return row
        _store(row)
        _note(row, actor, "idtoken.edited", before, after)
    return row


def block_token(row: IdToken, *, actor: User | str) -> IdToken:
    """Refused from now on; what runs goes on."""
    return change_token(row, actor=actor, status=IdTokenStatus.BLOCKED)


def unblock_token(row: IdToken, *, actor: User | str) -> IdToken:
    return change_token(row, actor=actor, status=IdTokenStatus.ACTIVE)


def expire_token(row: IdToken, *, actor: User | str, at: datetime | None = None) -> IdToken:
    """Good until `at`; without it: not good any more."""
    return change_token(row, actor=actor, expires_at=at or clock.now())


def adopt_sighting(sighting: TokenSighting, *, actor: User | str, **values: Any) -> IdToken:
    """Issue the unknown tag that was seen as a token of the CPO at whose charger it was."""
    with transaction.atomic():
        seen = TokenSighting.objects.select_for_update(of=("self",)).select_related("cpo")
        sighting = seen.get(pk=sighting.pk)
        row = create_token(sighting.cpo, token=sighting.tag, actor=actor, **values)
        sighting.id_token = row
        sighting.save(update_fields=["id_token"])
    return row


def _fill(row: IdToken, values: dict[str, Any]) -> None:
    for name in values:
        if name not in FIELDS:
            raise InvalidError(_("A token has no such field: %s.") % name, field=name)
    for name, value in values.items():
        longest = _TEXTS.get(name)
        setattr(row, name, value if longest is None else clean_text(name, value, longest))
    if not row.token:
        raise InvalidError(_("Enter the token, e.g. the card's number."), field="token")
    if row.status not in IdTokenStatus.values:
        raise InvalidError(_("The status is active or blocked."), field="status")
    _check_numbers(row)
    _check_tenant(row, row.charger, row.driver)


def clean_text(name: str, value: object, longest: int) -> str:
    """What can be stored and sent: no control characters, not too long. Raises InvalidError."""
    text = str(value or "").strip()
    if not text.isprintable():
        raise InvalidError(_("It has characters that cannot be printed. Remove them."), field=name)
    if name != "label" and not text.isascii():
        message = _("Only letters without accents, digits and signs can be sent to chargers.")
        raise InvalidError(message, field=name)
    if len(text) > longest:
        message = _("At most %(longest)d characters; this has %(length)d.")
        raise InvalidError(message % {"longest": longest, "length": len(text)}, field=name)
    return text


def _check_numbers(row: IdToken) -> None:
    most = row.max_concurrent
    if most is not None and not 1 <= most <= MOST_AT_ONCE:
        message = _("A whole number from 1 to %d, or empty for any number of sessions.")
        raise InvalidError(message % MOST_AT_ONCE, field="max_concurrent")
    if row.expires_at is not None and row.expires_at.tzinfo is None:
        raise InvalidError(_("Say the time zone, too."), field="expires_at")


def _check_tenant(row: IdToken, charger: Charger | None, driver: Driver | None) -> None:
    if charger is not None and row.cpo_id is not None and charger.cpo_id != row.cpo_id:
        raise InvalidError(_("This charger is another company's."), field="charger")
    owner = getattr(driver, "cpo_id", None)
    if owner is not None and row.cpo_id is not None and owner != row.cpo_id:
        raise InvalidError(_("This driver is another company's."), field="driver")


def _store(row: IdToken) -> None:
    message = _("Token %(token)s exists already; upper and lower case are the same.")
    second = ConflictError(message % {"token": row.token}, field="token", code="token_exists")
    same = IdToken.objects.filter(cpo=row.cpo, token__iexact=row.token).exclude(pk=row.pk)
    if same.exists():
        raise second
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:  # issued by somebody else a moment ago
        raise second from error


def _plain(row: IdToken) -> dict[str, Any]:
    """For the audit log, which masks whatever is called a token."""
    values = {name: getattr(row, name) for name in FIELDS if name not in ("charger", "driver")}
    values["id_tag"] = values.pop("token")
    return {**values, "charger": row.charger_id, "driver": row.driver_id}


def _note(
    row: IdToken, actor: User | str, action: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    audit.record(actor=actor, action=action, subject=row, before=before, after=after, cpo=row.cpo)
    if row.cpo_id is not None:
        publish(IdTokensChanged(row.cpo_id))
