"""Two of our own platforms, each with processes and a database of its own, over real HTTP.

One test, because each part lives on what the one before left; `-s` shows how long each took.
"""

from __future__ import annotations

import pytest

from ocpi.tests.two_platforms.platform import until
from ocpi.tests.two_platforms.scene import CARD, SECOND_CARD, Scene, scene

# A minute on an idle machine: half of it waits until a partner that was away is tried again.
pytestmark = [pytest.mark.slow, pytest.mark.django_db, pytest.mark.timeout(300)]


def test_driver_of_one_platform_charges_at_the_other(tmp_path):
    with scene(tmp_path) as it:
        they_meet(it)
        by_card = a_card_is_judged_in_real_time(it, connector=1)
        total = a_charge_by_the_app_with_everything_doubled(it, connector=2)
        total += the_provider_is_down_when_a_charge_ends(it, by_card)
        total += the_provider_is_slow_when_a_charge_begins(it, connector=1)
        all_is_booked_on_both_sides(it, total)


def they_meet(it: Scene) -> None:
    it.meet()
    it.provider.until("place")
    for uid in (CARD, SECOND_CARD, it.app_uid):
        it.operator.until("knows_token", uid=uid)
    it.note("registered: places, prices and tokens are there")


def a_card_is_judged_in_real_time(it: Scene, *, connector: int) -> int:
    it.charger.plug_in_and_show(CARD, connector=connector)
    pk: int = it.operator.until("charging", connector=connector, least_wh=20)
    session = it.at_operator(pk)
    assert session["auth_method"] == "AUTH_REQUEST"
    assert session["reference"] == it.provider.do("given_reference", card=CARD)
    it.note("charging by card, asked in real time")
    return pk


def a_charge_by_the_app_with_everything_doubled(it: Scene, *, connector: int) -> int:
    it.operator.road.twice = it.provider.road.twice = True
    command = it.start_by_app(connector)
    it.succeeded(command)
    it.note("started by the app")
    pk = it.operator.until("charging", connector=connector, least_wh=20)
    assert it.at_operator(pk)["auth_method"] == "COMMAND"
    assert it.operator.do("tell_progress", pk=pk) == 1

    def live():
        shown = it.app.get(f"roaming/commands/{command}")["roaming_session_id"]
        session = shown and it.app.get(f"roaming/sessions/{shown}")
        return session if session and session["energy_wh"] >= 20 else None

    session = until(live, "energy is seen live", it.troubles)
    assert (session["status"], session["currency"]) == ("ACTIVE", "IDR")
    it.note("seen live")
    it.succeeded(it.stop_by_app(session["id"]))
    it.operator.until("ended", pk=pk)
    total = it.settled(pk)
    over = it.app.get(f"roaming/sessions/{session['id']}")
    assert (over["status"], over["charged"]) == ("COMPLETED", total)
    assert it.operator.do("charges_at", connector=connector) == 1
    # Pushed twice, and now pulled as well: one row.
    assert it.provider.do("pull_cdrs") == 1
    it.operator.road.twice = it.provider.road.twice = False
    it.note("stopped by the app, CDR pushed and pulled, recomputed equal, booked")
    return total


def the_provider_is_down_when_a_charge_ends(it: Scene, pk: int) -> int:
    it.provider.road.close()
    it.charger.drive_away(connector=1)
    it.operator.until("ended", pk=pk)
    it.operator.until("billed", pk=pk)
    until(
        lambda: any("cdrs" in one for one in it.operator.do("pushes", status="waiting")),
        "the CDR waits for the provider",
    )
    it.operator.until("partner_is_away")
    it.note("charge ended while the provider was down")
    it.provider.road.open()
    total = it.settled(pk)
    it.note("caught up")
    return total


def the_provider_is_slow_when_a_charge_begins(it: Scene, *, connector: int) -> int:
    # Slower than a driver waits: the list decides, and the charger goes on.
    it.provider.road.delay_s = 6.0
    it.operator.until("is_available_again", connector=connector)
    it.charger.plug_in_and_show(SECOND_CARD, connector=connector)
    pk = it.operator.until("charging", connector=connector, least_wh=20)
    assert it.at_operator(pk)["auth_method"] == "WHITELIST"
    it.note("charging while the provider is slow")
    it.provider.road.delay_s = 0.0
    it.charger.drive_away(connector=connector)
    it.operator.until("ended", pk=pk)
    total = it.settled(pk)
    it.note("booked")
    return total


def all_is_booked_on_both_sides(it: Scene, total: int) -> None:
    owed = it.provider.do("owed")
    assert owed["to_operator"] == it.operator.do("owed_by_provider") == total
    assert owed["by_driver"] >= total
    assert it.provider.do("pull_cdrs") == 3
    assert it.operator.do("books") == it.provider.do("books") == {}
    it.note(f"Rp{total} on both sides, books proven")
