"""Stores the demo data set. What is there already is left as it is, edited or not."""

from __future__ import annotations

from collections import Counter

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, Permission
from django.db import transaction

from cpo.models import CPO, CPOStatus, Driver, Membership, User
from cpo.services.companies import change_cpo_status
from unievp.web.demo.field import CHARGERS, LOCATIONS, TARIFFS
from unievp.web.demo.gateway import PROVIDERS
from unievp.web.demo.logins import LOGINS, SAME_FOR_ALL, SUPERUSER, Login
from unievp.web.demo.people import COMPANIES, DRIVERS, DemoCompany, DemoDriver
from unievp.web.demo.store import (
    add_charger,
    add_commission_rate,
    add_location,
    add_provider,
    add_tariff,
    add_token,
    assign_tariff,
)
from unievp.web.demo.tickets import TICKETS, add_ticket

OUR_APPS = ("cpo", "tariffs", "chargers", "payments", "tickets", "ocpi")
FINANCE_GROUP = "Finance"
# What finance staff do besides reading; no page lets them approve what they asked for themselves.
FINANCE_RIGHTS = (
    "change_settlement",
    "add_commissionrate",
    "add_adjustment",
    "change_adjustment",
)


@transaction.atomic
def load_demo() -> dict[str, int]:
    """Add what is missing; answers how many rows of which kind were added."""
    added: Counter[str] = Counter()
    people = {login.username: _user(login, added) for login in LOGINS}
    admin = people["admin"]
    for company in COMPANIES:
        cpo = _company(company, admin, added)
        if company.commission_percent:
            added["commission rates"] += add_commission_rate(
                cpo, percent=company.commission_percent, actor=admin
            )
    for location in LOCATIONS:
        added["locations"] += add_location(location)
    for tariff in TARIFFS:
        added["tariffs"] += add_tariff(tariff, actor=admin)
    for charger in CHARGERS:
        added["chargers"] += add_charger(charger, actor=admin)
        added["tariff assignments"] += assign_tariff(charger, actor=admin)
    for provider in PROVIDERS:
        added["payment providers"] += add_provider(provider)
    for driver in DRIVERS:
        added["id tokens"] += add_token(driver, _driver(driver, added))
    for ticket in TICKETS:
        added["tickets"] += add_ticket(ticket, admin=admin)
    return dict(added)


def _user(login: Login, added: Counter[str]) -> User:
    name = login.username
    user = User.objects.filter(username__iexact=name).first()
    if user is not None:
        return user
    added["users"] += 1
    user = User.objects.create_user(
        name,
        name if "@" in name else f"{name}@uniev.example",
        SAME_FOR_ALL,
        is_staff=login.place == "admin",
        is_superuser=login.what == SUPERUSER,
    )
    # Of no real mailbox: proven, so that a second factor can be tried.
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    if user.is_staff and not user.is_superuser:
        user.groups.add(_finance_group())
    return user


def _finance_group() -> Group:
    group, _created = Group.objects.get_or_create(name=FINANCE_GROUP)
    ours = Permission.objects.filter(content_type__app_label__in=OUR_APPS)
    group.permissions.add(
        *ours.filter(codename__startswith="view_"), *ours.filter(codename__in=FINANCE_RIGHTS)
    )
    return group


def _company(company: DemoCompany, admin: User, added: Counter[str]) -> CPO:
    cpo, created = CPO.objects.get_or_create(
        country_code="ID",
        party_id=company.party_id,
        defaults={
            "name": company.name,
            "legal_name": company.legal_name,
            "tax_number": company.tax_number,
            "contact_name": company.contact_name,
            "contact_email": company.contact_email,
            "contact_phone": company.contact_phone,
            "address": company.address,
            "bank_code": company.bank_code,
            "bank_account_name": company.legal_name,
            "bank_account_number": company.bank_account_number,
        },
    )
    added["companies"] += created
    if created and company.status == CPOStatus.VERIFIED:
        cpo = change_cpo_status(cpo, actor=admin, status=CPOStatus.VERIFIED)
    for username, role in company.members:
        user = User.objects.get(username__iexact=username)
        Membership.objects.get_or_create(user=user, cpo=cpo, defaults={"role": role})
    return cpo


def _driver(driver: DemoDriver, added: Counter[str]) -> Driver:
    row, created = Driver.objects.get_or_create(
        email=driver.email, defaults={"name": driver.name, "phone": driver.phone}
    )
    added["drivers"] += created
    return row
