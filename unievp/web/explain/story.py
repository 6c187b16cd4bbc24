"""What the sections of one page share, so that nothing is asked for twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from chargers.models import BillingStatus, ChargingSession
from chargers.selectors.quotes import Quote, quote_of
from chargers.selectors.wire import SessionFrames, session_frames
from payments.models import Bill, PaymentIntent
from tariffs.pricing import SnapshotError
from unievp.lib import clock
from unievp.web.explain.readings import ReadingsShown, readings_shown


@dataclass(frozen=True)
class Story:
    """`session` comes with its charger, location, connector, driver and payment; `now` is the
    page's. `for_platform`: what the platform's gateways cost it is told, too.
    """

    session: ChargingSession
    now: datetime
    for_platform: bool = False

    @classmethod
    def of(cls, session: ChargingSession, *, for_platform: bool = False) -> Story:
        return cls(session, clock.now(), for_platform)

    @property
    def zone(self) -> str:
        return self.session.charger.location.time_zone

    @cached_property
    def frames(self) -> SessionFrames:
        return session_frames(self.session)

    @cached_property
    def readings(self) -> ReadingsShown:
        return readings_shown(self.session)

    @cached_property
    def bill(self) -> Bill | None:
        bills = Bill.objects.filter(session=self.session).select_related("booking", "release")
        return bills.prefetch_related("lines").first()

    @property
    def payment(self) -> PaymentIntent | None:
        """What was paid in advance for it; None for a session on account."""
        return getattr(self.session, "payment_intent", None)

    @cached_property
    def quote(self) -> Quote | None:
        """What it costs so far; None once it is billed, and where no price can be told."""
        if self.session.billing_status == BillingStatus.BILLED:
            return None
        try:
            return quote_of(self.session, now=self.now)
        except (SnapshotError, ValueError):
            return None
