"""People are told once, by the channels that they chose, when they want, in their language."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.utils import translation

from cpo.access import Right
from cpo.models import (
    CPOStatus,
    MailWhen,
    Notification,
    NotificationSettings,
    Role,
    WebhookEndpoint,
)
from cpo.services.companies import change_cpo_status
from cpo.services.invitations import accept_invitation, invite_member, make_link_token
from cpo.services.notifications.catalogue import KINDS
from cpo.services.notifications.choosing import Wanted, choices_of, choose, set_times
from cpo.services.notifications.mailing import forget_old_notifications, send_due_mails
from cpo.services.notifications.telling import notify, people_of, platform_people
from cpo.services.notifications.timing import mail_due
from cpo.services.webhooks.endpoints import create_endpoint, switch_off
from cpo.services.webhooks.outcomes import FAILED_FOR_DAYS
from cpo.tests.factories import make_cpo, make_member, make_user
from unievp.lib import clock
from unievp.lib.errors import InvalidError

pytestmark = pytest.mark.django_db
PAID = {"amount_idr": 1_250_000, "company": "Alpha"}


@pytest.fixture
def person():
    return make_user(email="ani@alpha.example", language="en")


def tell(person, key="1", event="settlement.paid", args=PAID, **values):
    return notify([person], event=event, key=key, args=args, **values)


def test_person_is_told_once_per_key(person):
    other = make_user()
    assert tell(person) == 1
    assert tell(person) == 0
    assert tell(other) == 1
    assert notify([person, other, other], event="settlement.paid", key="2", args=PAID) == 2
    assert Notification.objects.count() == 4


def test_who_left_and_what_is_unknown_is_not_told(person):
    person.is_active = False
    assert tell(person) == 0
    with pytest.raises(ValueError, match="catalogue"):
        tell(person, event="settlement.lost")


def test_mail_is_in_the_readers_language(person):
    reader = make_user(email="budi@alpha.example")
    link = "/wallet"
    for each in (person, reader):
        tell(each, link=link)
    assert send_due_mails() == 2
    assert send_due_mails() == 0
    to_ani, to_budi = sorted(mail.outbox, key=lambda message: message.to)
    assert to_ani.subject == "Your settlement of IDR\u00a01,250,000 was paid"
    assert "http://localhost:8000/wallet" in to_ani.body
    assert "What you are told" in to_ani.body
    # Without a choice people read the platform's own language, with its own digits.
    assert "Rp1.250.000" in to_budi.subject


def test_what_is_due_together_is_one_mail(person):
    for number in range(60):
        tell(person, key=str(number))
    assert send_due_mails() == 1
    assert mail.outbox[0].subject == "UNIEV: 60 messages"
    assert mail.outbox[0].body.count("Your settlement of") == 50
    assert "and 10 more" in mail.outbox[0].body


def test_mail_that_could_not_be_sent_stays_due(person, monkeypatch):
    def no_server(*_args):
        raise ConnectionRefusedError

    tell(person)
    with monkeypatch.context() as patch:
        patch.setattr("cpo.services.notifications.mailing.send_mail", no_server)
        with pytest.raises(ConnectionRefusedError):
            send_due_mails()
    assert send_due_mails() == 1


def test_person_without_an_address_gets_no_mail():
    tell(make_user())
    assert Notification.objects.get().mail_due_at is None
    assert send_due_mails() == 0


def test_channels_are_chosen_per_event(person):
    choose(
        person,
        {
            "settlement.paid": Wanted(in_bell=False, mail=MailWhen.NEVER),
            "settlement.failed": Wanted(in_bell=False, mail=MailWhen.NOW),
            "charger.offline": Wanted(in_bell=True, mail=MailWhen.NEVER),
        },
    )
    assert tell(person) == 0
    assert tell(person, key="2", event="settlement.failed") == 1
    assert tell(person, key="3", event="charger.offline") == 1
    rows = Notification.objects.order_by("key")
    assert [(row.in_bell, row.mail_due_at is None) for row in rows] == [
        (False, False),
        (True, True),
    ]
    assert choices_of(person)["settlement.paid"] == Wanted(in_bell=False, mail="never")
    for wanted in (
        {"settlement.lost": Wanted(True, MailWhen.NOW)},
        {"settlement.paid": Wanted(True, "yearly")},
    ):
        with pytest.raises(InvalidError):
            choose(person, wanted)


def at(hour, minute=0):
    """A time in Jakarta (UTC+7), as UTC."""
    return datetime(2026, 3, 9, hour, minute, tzinfo=UTC) - timedelta(hours=7)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (at(21, 59), at(21, 59)),
        (at(22), at(6) + timedelta(days=1)),
        (at(3), at(6)),
        (at(6), at(6)),
        (at(12), at(12)),
    ],
)
def test_mail_waits_for_the_morning_of_the_readers_own_clock(now, due):
    own = NotificationSettings(quiet_from=time(22), quiet_until=time(6))
    assert mail_due(own, now, digest=False) == due


def test_quiet_hours_within_a_day_and_none():
    own = NotificationSettings(
        time_zone="Asia/Jayapura",
        quiet_from=time(13),
        quiet_until=time(15),
    )
    # Noon in Jakarta is two in the afternoon in Jayapura.
    assert mail_due(own, at(12), digest=False) == at(13)
    assert mail_due(NotificationSettings(), at(3), digest=False) == at(3)


def test_daily_mail_goes_out_at_its_hour():
    own = NotificationSettings()
    assert mail_due(own, at(5), digest=True) == at(7)
    assert mail_due(own, at(7), digest=True) == at(7) + timedelta(days=1)


def test_mail_of_quiet_hours_is_held(person):
    now = clock.now()
    begin, end = now - timedelta(hours=1), now + timedelta(hours=1)
    set_times(
        person,
        time_zone="UTC",
        quiet_from=f"{begin:%H:%M}",
        quiet_until=f"{end:%H:%M}",
        digest_at="07:00",
    )
    tell(person)
    assert send_due_mails() == 0
    Notification.objects.update(mail_due_at=now)
    assert send_due_mails() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "../etc/passwd"}, "time_zone"),
        ({"quiet_from": "25:00"}, "quiet_from"),
        ({"quiet_until": ""}, "quiet_until"),
        ({"quiet_from": ""}, "quiet_from"),
        ({"digest_at": ""}, "digest_at"),
        ({"digest_at": "noon"}, "digest_at"),
    ],
)
def test_refused_times_name_the_field(changes, field, person):
    values = {
        "time_zone": "Asia/Makassar",
        "quiet_from": "22:00",
        "quiet_until": "06:00",
        "digest_at": "07:00",
    }
    with pytest.raises(InvalidError) as refusal:
        set_times(person, **(values | changes))
    assert refusal.value.field == field
    assert not NotificationSettings.objects.exists()


def test_old_notifications_are_forgotten(person, settings):
    tell(person)
    tell(person, key="2")
    old = clock.now() - timedelta(days=settings.NOTIFICATION_DAYS, minutes=1)
    Notification.objects.filter(key="1").update(created_at=old)
    assert forget_old_notifications() == 1


def test_words_of_all_kinds_can_be_filled(person):
    for number, event in enumerate(KINDS):
        tell(person, key=str(number), event=event, args={"count": 3})
    Notification.objects.update(mail_due_at=clock.now())
    for language in ("en", "id"):
        with translation.override(language):
            Notification.objects.update(mailed_at=None)
            assert send_due_mails() == 1


# --- Who ----------------------------------------------------------------------------------------


def test_people_of_a_company_are_those_with_the_right():
    cpo = make_cpo()
    by_role = {role: make_member(cpo, role) for role in Role}
    make_member(make_cpo())
    assert set(people_of(cpo, Right.MONEY)) == {by_role[Role.OWNER], by_role[Role.FINANCE]}
    assert set(people_of(cpo, Right.MANAGE)) == {by_role[Role.OWNER]}
    assert set(people_of(cpo, Right.VIEW)) == set(by_role.values())


def test_platform_people_are_staff_with_the_permission():
    permission = Permission.objects.get(codename="change_apikey")
    group = Group.objects.create(name="keys")
    group.permissions.add(permission)
    direct, by_group = make_user(is_staff=True), make_user(is_staff=True)
    direct.user_permissions.add(permission)
    by_group.groups.add(group)
    root = make_user(is_staff=True, is_superuser=True)
    make_user(is_staff=True)
    make_user().user_permissions.add(permission)
    make_user(is_staff=True, is_superuser=True, is_active=False)
    assert set(platform_people("cpo.change_apikey")) == {direct, by_group, root}


# --- What companies are told ----------------------------------------------------------------------


def test_company_hears_what_staff_decided():
    staff, cpo = make_user(is_staff=True), make_cpo(verified=False)
    owner, viewer = make_member(cpo), make_member(cpo, Role.VIEWER)
    change_cpo_status(cpo, actor=staff, status=CPOStatus.VERIFIED)
    for _turn in range(2):
        change_cpo_status(cpo, actor=staff, status=CPOStatus.SUSPENDED, reason="Papers expired")
        change_cpo_status(cpo, actor=staff, status=CPOStatus.VERIFIED)
    events = owner.notifications.order_by("pk").values_list("event", flat=True)
    assert list(events) == [
        "company.verified",
        "company.suspended",
        "company.verified",
        "company.suspended",
        "company.verified",
    ]
    suspended = owner.notifications.filter(event="company.suspended").first()
    assert suspended.args["reason"] == "Papers expired"
    assert not viewer.notifications.exists()


def test_owners_hear_who_joined():
    cpo = make_cpo()
    owner = make_member(cpo)
    invitation = invite_member(cpo, email="new@alpha.example", role=Role.VIEWER, actor=owner)
    joined = accept_invitation(make_link_token(invitation), password="walnut-harbour-42").user
    assert owner.notifications.get().event == "member.joined"
    assert not joined.notifications.exists()


def test_owner_is_told_by_mail_that_a_webhook_was_switched_off():
    cpo = make_cpo()
    owner = make_member(cpo)
    type(owner).objects.update(email="owner@alpha.example", language="en")
    create_endpoint(
        cpo, url="https://hooks.example.com/", event_types=["*"], actor=owner, name="Shop"
    )
    endpoint = WebhookEndpoint.objects.get()
    switch_off(endpoint.pk, reason=FAILED_FOR_DAYS)
    switch_off(endpoint.pk, reason=FAILED_FOR_DAYS)
    assert send_due_mails() == 1
    assert mail.outbox[0].subject == "The webhook Shop was switched off"
    assert "Nothing came through for five days." in mail.outbox[0].body
    assert f"/company/webhooks/{endpoint.pk}?cpo={cpo.pk}" in mail.outbox[0].body
