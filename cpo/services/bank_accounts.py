"""Where a company's money goes: a new account cools off, and another person verifies it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cpo.access import Actor, Right, audit_name, is_platform_staff, require_right
from cpo.models import CPO, BankAccountChange, User
from cpo.services import audit
from cpo.services.api_keys import person_behind
from cpo.services.notifications.telling import notify, people_of
from unievp.lib import clock
from unievp.lib.errors import ConflictError, ForbiddenError, InvalidError
from unievp.lib.secrets import mask

_LONGEST_REASON: Final = 300
_NUMBER: Final = re.compile(r"[0-9]{4,34}")
_BANK: Final = re.compile(r"[A-Z0-9_]{2,32}")


def change_bank_account(
    cpo: CPO, *, bank_code: str, name: str, number: str, actor: Actor
) -> BankAccountChange | None:
    """The company's new account; None where it is the one that it has.

    What was asked for before goes to the old one. Raises ForbiddenError, InvalidError (which names
    `bank_code`, `bank_account_name` or `bank_account_number`).
    """
    require_right(actor, cpo, Right.MONEY)
    code, holder, digits = _checked(bank_code, name, number)
    with transaction.atomic():
        locked = CPO.objects.select_for_update(no_key=True).get(pk=cpo.pk)
        before = _shown(locked)
        locked.bank_code, locked.bank_account_name = code, holder
        locked.bank_account_number = digits
        if _shown(locked) == before:
            return None
        locked.save(update_fields=["bank_code", "bank_account_name", "bank_account_number"])
        now = clock.now()
        change = BankAccountChange.objects.create(
            cpo=locked,
            bank_code=code,
            account_name=holder,
            account_number=digits,
            changed_at=now,
            changed_by_id=person_behind(actor),
            changed_label=str(audit_name(actor))[:150],
            usable_from=now + timedelta(hours=settings.SETTLEMENT_BANK_COOLOFF_HOURS),
        )
        # The audit log masks the number by its name.
        audit.record(
            actor=audit_name(actor),
            action="cpo.change_bank_account",
            subject=locked,
            before=before,
            after=_shown(locked),
            cpo=locked,
        )
    return change


def verify_bank_account(change: BankAccountChange, *, actor: User) -> BankAccountChange:
    """Staff have seen that the account is the company's.

    Raises ForbiddenError (no staff; who entered it), ConflictError (decided, or replaced).
    """
    with transaction.atomic():
        locked = _lock_undecided(change, actor)
        locked.verified_at, locked.verified_by = clock.now(), actor
        locked.save(update_fields=["verified_at", "verified_by"])
        _audit(locked, "cpo.verify_bank_account", actor)
    return locked


def refuse_bank_account(
    change: BankAccountChange, *, reason: str, actor: User
) -> BankAccountChange:
    """Staff do not believe that it is the company's: nothing is paid to it; another one may follow.

    Raises as `verify_bank_account`, and InvalidError (`reason`).
    """
    reason = " ".join(reason.split())
    if not 0 < len(reason) <= _LONGEST_REASON:
        raise InvalidError(_("Say why, in at most 300 characters."), field="reason")
    with transaction.atomic():
        locked = _lock_undecided(change, actor)
        locked.refused_at, locked.refusal = clock.now(), reason
        locked.save(update_fields=["refused_at", "refusal"])
        _audit(locked, "cpo.refuse_bank_account", actor, reason)
        notify(
            people_of(locked.cpo, Right.MONEY),
            event="bank_account.refused",
            key=f"bank_account.refused:{locked.pk}",
            args={"account": _named(locked), "reason": reason},
            link="/company",
            cpo=locked.cpo,
        )
    return locked


def _lock_undecided(change: BankAccountChange, actor: User) -> BankAccountChange:
    if not is_platform_staff(actor):
        raise ForbiddenError(_("Only platform staff verify bank accounts."))
    CPO.objects.select_for_update(no_key=True).get(pk=change.cpo_id)
    locked = BankAccountChange.objects.select_for_update().get(pk=change.pk)
    if locked.changed_by_id == actor.pk:
        detail = _("Who entered a bank account may not verify it.")
        raise ForbiddenError(detail, code="four_eyes")
    if locked.verified_at is not None:
        raise ConflictError(_("This account is verified."), code="bank_account_verified")
    if locked.refused_at is not None:
        raise ConflictError(_("This account was refused."), code="bank_account_refused")
    newest = latest_change(locked.cpo)
    if newest is not None and newest.pk != locked.pk:
        detail = _("The company has named another account since.")
        raise ConflictError(detail, code="bank_account_replaced")
    return locked


def _named(change: BankAccountChange) -> str:
    return f"{change.bank_code} {mask(change.account_number)}"


def _audit(change: BankAccountChange, action: str, actor: User, reason: str = "") -> None:
    audit.record(
        actor=actor,
        action=action,
        subject=change.cpo,
        after={"bank_code": change.bank_code, "account_number": change.account_number},
        cpo=change.cpo,
        reason=reason,
    )


def keep_name_at_bank(change: BankAccountChange, *, name: str, actor: User) -> BankAccountChange:
    """Whose the account is, as a gateway told it."""
    change.name_at_bank, change.checked_at = name[:120], clock.now()
    with transaction.atomic():
        change.save(update_fields=["name_at_bank", "checked_at"])
        audit.record(
            actor=actor,
            action="cpo.check_bank_account",
            subject=change.cpo,
            after={"name_at_bank": change.name_at_bank},
            cpo=change.cpo,
        )
    return change


def latest_change(cpo: CPO) -> BankAccountChange | None:
    """The account that is in force; None: the one of the registration, seen with its papers."""
    return cpo.bank_changes.order_by("-changed_at", "-pk").first()


def names_match(left: str, right: str) -> bool:
    """Banks write in capitals, without points, and cut what is long."""
    one, other = (_letters(left), _letters(right))
    shorter, longer = sorted((one, other), key=len)
    return bool(shorter) and longer.startswith(shorter) and len(shorter) >= min(len(longer), 12)


def _letters(name: str) -> str:
    words = re.sub(r"[^A-Z0-9 ]", " ", name.upper()).split()
    return "".join(word for word in words if word not in ("PT", "CV", "TBK"))


def _checked(bank_code: str, name: str, number: str) -> tuple[str, str, str]:
    code, holder = bank_code.strip().upper(), " ".join(name.split())
    digits = re.sub(r"[ .-]", "", number.strip())
    if not _BANK.fullmatch(code):
        detail = _("A bank's code, please, as BCA, BNI, BRI or MANDIRI.")
        raise InvalidError(detail, field="bank_code")
    if not 3 <= len(holder) <= 120 or "\0" in holder:
        raise InvalidError(_("The holder's name, please."), field="bank_account_name")
    if not _NUMBER.fullmatch(digits):
        raise InvalidError(_("Digits only, please."), field="bank_account_number")
    return code, holder, digits


def _shown(cpo: CPO) -> dict[str, str]:
    return {
        "bank_code": cpo.bank_code,
        "bank_account_name": cpo.bank_account_name,
        "bank_account_number": cpo.bank_account_number,
    }
