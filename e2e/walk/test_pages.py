"""The list of pages is whole: what is not walked is named, with why."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import URLPattern, get_resolver, resolve

from e2e.walk.pages import ACCOUNT, DRIVER, ENTRANCE, PORTAL

# Answers to forms and buttons, parts of pages, and downloads.
NO_PAGES = frozenset(
    {
        "portal:changes", "portal:explain_export", "portal:ask_for_settlement",
        "portal:cancel_settlement", "portal:settlement_statement", "portal:settlement_schedule",
        "portal:first_sign", "portal:charger_commands", "portal:charger_uptime",
        "portal:charger_action", "portal:wire_export", "portal:try_prices",
        "portal:archive_tariff", "portal:sell", "portal:stop_selling", "portal:add_token",
        "portal:import_tokens", "portal:change_token", "portal:adopt_token", "portal:reserve",
        "portal:cancel_reservation", "portal:start_simulator", "portal:steer_simulator",
        "portal:bell", "portal:read_notifications", "portal:open_notification",
        "portal:save_notification_choices", "portal:save_notification_times",
        "portal:save_company", "portal:save_bank_account", "portal:hand_in", "portal:invite",
        "portal:change_member", "portal:withdraw_invitation", "portal:revoke_key",
        "portal:change_webhook", "portal:rotate_webhook", "portal:test_webhook",
        "portal:resend_webhook", "portal:log_export",
        "portal:invite_partner", "portal:open_data", "portal:resend_push", "portal:act_on_partner",
        "portal:open_tickets", "portal:ticket_thread", "portal:ticket_file",
        "portal:comment_ticket", "portal:change_ticket", "portal:follow_ticket",
        "pay:sheets", "pay:part", "pay:check", "pay:method", "pay:cancel", "pay:stop",
        "pay:account", "pay:mail", "pay:qr", "pay:receipt_pdf",
    }
)  # fmt: skip
# Walked by the driver's own tests, in every state of a charge.
ELSEWHERE = frozenset({"pay:receipt"})


def names(namespace: str) -> Iterator[str]:
    _prefix, resolver = get_resolver().namespace_dict[namespace]
    for pattern in resolver.url_patterns:
        assert isinstance(pattern, URLPattern)
        yield f"{namespace}:{pattern.name}"


def test_every_page_is_walked_or_said_to_be_none():
    # Any id will do to find out whose address it is.
    stands_for = {"secret": "x" * 22, "bill": f"1:{'x' * 30}", "invitation": "x", "identity": "A",
                  "webhook": "00000000-0000-0000-0000-000000000000"}  # fmt: skip

    class Ids(dict):
        def __missing__(self, key):
            return stands_for.get(key, 1)

    addresses = [*PORTAL, *ACCOUNT, *DRIVER, *ENTRANCE]
    walked = {resolve(address.format_map(Ids())).view_name for address in addresses}
    every = {*names("portal"), *names("pay")}
    assert every - walked - NO_PAGES - ELSEWHERE == set()
    assert every >= NO_PAGES | ELSEWHERE
