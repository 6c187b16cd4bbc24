"""What the page of a payment shows at each stage: its progress, and what the driver may do now."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from payments.models import AttemptStatus, PaymentAttempt, PaymentIntent, Refund, RefundStatus
from payments.selectors.progress import Progress, RefundState, Stage, progress
from payments.services.intents.creating import MOST_ATTEMPTS
from payments.services.providers import offered_methods
from unievp.web.pay.forms import AccountForm
from unievp.web.pay.methods import BANKS, NAMES, method_name
from unievp.web.pay.qr import qr_svg

# Seconds between two looks of the script; 0: nothing changes any more.
POLL_S: Final[dict[Stage, int]] = {
    Stage.PREPARING: 2,
    Stage.PAYING: 4,
    Stage.CHECKING: 3,
    Stage.STARTING: 2,
    Stage.PLUG_IN: 2,
    Stage.CHARGING: 4,
    Stage.PAUSED: 6,
    Stage.STOPPING: 2,
    Stage.BILLING: 3,
    Stage.HELD: 30,
    Stage.REVIEW: 30,
}
_REFUND_POLL_S: Final = 10
_LONG: Final = timedelta(hours=3)
# Stages that share a template.
_TEMPLATES: Final[dict[Stage, str]] = {
    Stage.CHECKING: "waiting",
    Stage.PREPARING: "waiting",
    Stage.STARTING: "starting",
    Stage.PLUG_IN: "starting",
    Stage.PAUSED: "charging",
    Stage.STOPPING: "charging",
    Stage.BILLING: "charging",
    Stage.HELD: "review",
    Stage.PAID: "paid",
}


@dataclass(frozen=True)
class Shown:
    """`qr`: what to scan, drawn; `methods`: (value, name) of other ways to pay."""

    intent: PaymentIntent
    progress: Progress
    attempt: PaymentAttempt | None
    account: AccountForm
    refunds: list[tuple[Refund, str]]
    methods: list[tuple[str, Any]] = field(default_factory=list)
    qr: SafeString | None = None

    @property
    def stage(self) -> Stage:
        return self.progress.stage

    @property
    def template(self) -> str:
        return f"pay/stages/{_TEMPLATES.get(self.stage, self.stage)}.html"

    @property
    def poll_s(self) -> int:
        waits = self.progress.refund_state is RefundState.PENDING
        return POLL_S.get(self.stage, _REFUND_POLL_S if waits else 0)

    @property
    def refresh_s(self) -> int:
        """For browsers without scripts: slower, because the whole page loads."""
        return max(6, 2 * self.poll_s) if self.poll_s else 0

    @property
    def checkout(self) -> dict[str, str]:
        return self.attempt.checkout if self.attempt is not None else {}

    @property
    def method(self) -> Any:
        return method_name(self.intent.method)

    @property
    def pay_until(self) -> datetime:
        return self.intent.expires_at

    @property
    def reason(self) -> str:
        """Why nothing started, in the driver's language."""
        return _(self.progress.reason) if self.progress.reason else ""

    @property
    def is_long(self) -> bool:
        """Hours and not minutes to pay: then the day matters, and no clock runs."""
        return self.pay_until - self.intent.created_at > _LONG

    @property
    def zone(self) -> str:
        charger = self.progress.charger
        return charger.location.time_zone if charger else "Asia/Jakarta"

    @property
    def banks(self) -> list[tuple[str, str]]:
        return list(BANKS.items())

    @property
    def bank_name(self) -> str:
        bank = self.checkout.get("va_bank", "")
        return BANKS.get(bank.upper(), bank)

    @property
    def needs_account(self) -> bool:
        """An account that was named already waits for a person; it is not asked for again."""
        return any(
            refund.status == RefundStatus.NEEDS_ACCOUNT and not refund.account_number
            for refund, _words in self.refunds
        )

    @property
    def limit(self) -> int | None:
        """Parts of a thousand of what was bought that are used up."""
        now = self.progress
        if now.limit_energy_wh:
            return min(1000, now.energy_wh * 1000 // now.limit_energy_wh)
        return min(1000, now.cost * 1000 // now.paid) if now.paid else None


def show(intent: PaymentIntent, *, account: AccountForm | None = None) -> Shown:
    now = progress(intent)
    attempt = intent.attempts.order_by("-number").first()
    stage = _stage(now, attempt)
    now = replace(now, stage=stage)
    paying = stage in (Stage.PAYING, Stage.REFUSED)
    qr_text = attempt.checkout.get("qr_string", "") if attempt and stage is Stage.PAYING else ""
    return Shown(
        intent=intent,
        progress=now,
        attempt=attempt,
        account=account or AccountForm(),
        refunds=[(refund, _refund_words(refund)) for refund in now.refunds],
        methods=_methods(intent, stage) if paying else [],
        qr=qr_svg(qr_text) if qr_text else None,
    )


def _stage(now: Progress, attempt: PaymentAttempt | None) -> Stage:
    """A new attempt after a refused one, or beside an open one, is being prepared."""
    fresh = attempt is not None and attempt.status in _ON_ITS_WAY
    return Stage.PREPARING if fresh and now.stage in (Stage.REFUSED, Stage.PAYING) else now.stage


_ON_ITS_WAY: Final = (AttemptStatus.NEW, AttemptStatus.SENDING, AttemptStatus.UNKNOWN)


def _methods(intent: PaymentIntent, stage: Stage) -> list[tuple[str, Any]]:
    if intent.attempts.count() >= MOST_ATTEMPTS:
        return []
    return [
        (method.value, NAMES[method])
        for method in offered_methods(intent.cpo)
        if stage is Stage.REFUSED or method.value != intent.method
    ]


def _refund_words(refund: Refund) -> str:
    if refund.status == RefundStatus.SUCCEEDED:
        return _("It is back on your account.")
    if refund.status == RefundStatus.NEEDS_ACCOUNT:
        if refund.account_number:
            return _("We have your account number and will transfer it by hand.")
        return _("This way of paying takes nothing back: we need an account to send it to.")
    if refund.status in (RefundStatus.REVIEW, RefundStatus.FAILED):
        return _("It did not go through yet. We are looking at it and will send it again.")
    return _("It is on its way. Depending on your bank it takes up to a few days.")
