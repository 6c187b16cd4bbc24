"""What the audit log's actions are called, and the areas they are filtered by."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from unievp.web.portal.chargers.words import command_word


class Area(NamedTuple):
    name: Promise
    prefixes: tuple[str, ...]


AREAS: Final[Mapping[str, Area]] = MappingProxyType(
    {
        "team": Area(_("Team and keys"), ("member", "api_key", "webhook_endpoint")),
        "company": Area(_("Company"), ("cpo", "commission_rate", "settlement_schedule")),
        "chargers": Area(
            _("Chargers"),
            (
                "charger",
                "location",
                "command",
                "configuration_run",
                "firmware",
                "firmware_image",
                "firmware_campaign",
                "charger_log",
                "charger_certificate",
                "sitebudget",
                "reservation",
                "local_list",
                "idtoken",
                "security_event",
            ),
        ),
        "tariffs": Area(_("Tariffs"), ("tariff", "pricecap")),
        "money": Area(
            _("Money"), ("payment", "payment_provider", "payout", "refund", "settlement")
        ),
        "sessions": Area(_("Sessions"), ("session", "orphan_stop")),
        "tickets": Area(_("Tickets"), ("ticket",)),
    }
)
_WORDS: Final[Mapping[str, Promise]] = MappingProxyType(
    {
        "api_key.create": _("Made an API key"),
        "api_key.revoke": _("Revoked an API key"),
        "charger.adopt": _("Adopted an unknown charger"),
        "charger.change": _("Changed a charger"),
        "charger.force_status": _("Took a charger in or out of service"),
        "charger.register": _("Added a charger"),
        "charger.registration": _("Decided about a charger's registration"),
        "charger.renew_password": _("Gave a charger a new password"),
        "charger.password_rotation": _("Changed a charger's password"),
        "charger.retire": _("Retired a charger"),
        "charger.security_profile": _("Changed a charger's security profile"),
        "charger_log.download": _("Downloaded a charger's log"),
        "configuration_run.start": _("Changed settings of chargers"),
        "cpo.add_document": _("Handed in a paper"),
        "cpo.change": _("Changed the company's data"),
        "cpo.change_bank_account": _("Changed the bank account"),
        "cpo.check_bank_account": _("Asked the bank for the account's holder"),
        "cpo.confirm_mail": _("Confirmed the company's mail address"),
        "cpo.register": _("Registered the company"),
        "cpo.rejected": _("Refused the company"),
        "cpo.suspended": _("Suspended the company"),
        "cpo.verified": _("Verified the company"),
        "cpo.verify_bank_account": _("Verified the bank account"),
        "firmware.update": _("Updated firmware"),
        "location.create": _("Added a location"),
        "member.add": _("Added a team member"),
        "member.change_role": _("Changed a role"),
        "member.invite": _("Invited somebody"),
        "member.join": _("Joined the team"),
        "member.remove": _("Removed a team member"),
        "member.withdraw_invitation": _("Withdrew an invitation"),
        "payment.refund": _("Refunded a payment"),
        "payment_provider.save": _("Changed a payment provider"),
        "reservation.ask": _("Reserved a connector"),
        "reservation.cancel": _("Cancelled a reservation"),
        "session.close": _("Closed a session"),
        "session.release": _("Released a session for billing"),
        "settlement.approved": _("Approved a settlement"),
        "settlement.cancelled": _("Took a settlement back"),
        "settlement.rejected": _("Refused a settlement"),
        "settlement.requested": _("Asked for a settlement"),
        "settlement_schedule.set": _("Changed when settlements are asked for"),
        "sitebudget.added": _("Set a site's power budget"),
        "sitebudget.set": _("Set a site's power budget"),
        "idtoken.added": _("Issued an id token"),
        "idtoken.edited": _("Changed an id token"),
        "tariff.archive": _("Archived a tariff"),
        "tariff.assign": _("Assigned a tariff"),
        "tariff.change": _("Changed a tariff"),
        "tariff.create": _("Made a tariff"),
        "tariff.default": _("Made a tariff the default"),
        "tariff.default_withdrawn": _("Withdrew a default tariff"),
        "tariff.publish": _("Published a tariff"),
        "tariff.unassign": _("Ended a tariff's assignment"),
        "webhook_endpoint.change": _("Changed a webhook"),
        "webhook_endpoint.create": _("Made a webhook"),
        "webhook_endpoint.delete": _("Took a webhook away"),
        "webhook_endpoint.disabled": _("Switched off a webhook that failed"),
        "webhook_endpoint.resend": _("Sent events again"),
        "webhook_endpoint.rotate_secret": _("Gave a webhook a new secret"),
    }
)


def action_words(action: str) -> str:
    """In words where there are some; else the code as it is."""
    area, _dot, name = action.partition(".")
    if area == "command" and name != "cancel":
        return _text("Asked a charger: %(command)s") % {"command": command_word(name)}
    return str(_WORDS.get(action, action))
