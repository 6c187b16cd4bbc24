"""The only door to tenant rows, and what each role may do.

Every tenant model declares `tenant_path`: the lookup from the row to its CPO ("cpo",
"charger__cpo", "id" for the CPO itself), or "platform" for rows that belong to no CPO. What drivers
may see declares besides `driver_path`, the lookup to its driver, or `public_rows`, a filter.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils.translation import gettext as _

from cpo.models import CPO, ApiKey, CPOStatus, Driver, Membership, Role, User
from unievp.lib.errors import ForbiddenError

PLATFORM = "platform"

# A key acts for its CPO, or for the platform; what it may do there is in its scopes.
# A driver sees what models call a driver's own, or everybody's, and nothing of a company.
Actor = User | AnonymousUser | ApiKey | Driver
_Row = TypeVar("_Row", bound=models.Model)


class Right(StrEnum):
    """What a role may do in its own CPO; the names are used in every permission table."""

    VIEW = "view"
    OPERATE = "operate"  # chargers: commands, configuration, id tokens, tickets
    PRICE = "price"  # tariffs and their assignment
    MONEY = "money"  # wallet, settlements, refunds, bank account
    MANAGE = "manage"  # team, API keys, company data


ROLE_RIGHTS: dict[str, frozenset[Right]] = {
    Role.OWNER: frozenset(Right),
    Role.OPERATOR: frozenset({Right.VIEW, Right.OPERATE, Right.PRICE}),
    Role.FINANCE: frozenset({Right.VIEW, Right.PRICE, Right.MONEY}),
    Role.VIEWER: frozenset({Right.VIEW}),
}


def is_platform_staff(actor: Actor) -> bool:
    """Whether `actor` sees every tenant: staff, and keys that are bound to no CPO."""
    if isinstance(actor, ApiKey):
        return actor.cpo_id is None
    return bool(actor.is_active and actor.is_staff)


def visible(actor: Actor, queryset: models.QuerySet[_Row]) -> models.QuerySet[_Row]:
    """Rows of `queryset` that `actor` may see: all for staff, those of their own CPOs for members
    and for keys that are bound to one.

    Raises TypeError for a model that declares no `tenant_path`: a new model must decide.
    """
    path = getattr(queryset.model, "tenant_path", None)
    if path is None:
        message = f"{queryset.model.__name__} declares no tenant_path"
        raise TypeError(message)
    if is_platform_staff(actor):
        return queryset
    if isinstance(actor, Driver):
        return _of_driver(actor, queryset)
    if not actor.is_authenticated or path == PLATFORM:
        return queryset.none()
    own: Any = (
        [actor.cpo_id]
        if isinstance(actor, ApiKey)
        else Membership.objects.filter(user=actor).values("cpo_id")
    )
    return queryset.filter(**{f"{path}__in": own})


def _of_driver(driver: Driver, queryset: models.QuerySet[_Row]) -> models.QuerySet[_Row]:
    path = getattr(queryset.model, "driver_path", None)
    if path is not None:
        return queryset.filter(**{path: driver})
    public: dict[str, object] | None = getattr(queryset.model, "public_rows", None)
    return queryset.none() if public is None else queryset.filter(**public)


def cpos_of(actor: Actor) -> models.QuerySet[CPO]:
    """The CPOs that `actor` works for (all of them for platform staff)."""
    return visible(actor, CPO.objects.all())


def has_right(actor: Actor, cpo: CPO, right: Right) -> bool:
    if is_platform_staff(actor):
        return True
    if isinstance(actor, ApiKey):
        return actor.cpo_id == cpo.pk
    if isinstance(actor, Driver) or not actor.is_authenticated:
        return False
    membership = Membership.objects.filter(user=actor, cpo=cpo).first()
    return membership is not None and right in ROLE_RIGHTS[membership.role]


def visible_with(
    actor: Actor, queryset: models.QuerySet[_Row], right: Right
) -> models.QuerySet[_Row]:
    """As `visible`, of the companies where `actor` has `right` alone.

    Raises ForbiddenError where those are none. For models with a `tenant_path` to their company.
    """
    if is_platform_staff(actor):
        return visible(actor, queryset)
    own = [cpo.pk for cpo in cpos_of(actor) if has_right(actor, cpo, right)]
    if not own:
        raise ForbiddenError(_("Your role in this company does not allow this."), code=right.value)
    path: str = queryset.model.tenant_path  # type: ignore[attr-defined]  # each model declares it
    return visible(actor, queryset).filter(**{f"{path}__in": own})


def require_right(actor: Actor, cpo: CPO, right: Right) -> None:
    """Raise ForbiddenError unless `actor` has `right` in `cpo`."""
    if not has_right(actor, cpo, right):
        raise ForbiddenError(_("Your role in this company does not allow this."), code=right.value)


def may_trade(cpo: CPO) -> bool:
    """Only a verified CPO sells energy and is paid; a suspended one ends what runs."""
    return cpo.status == CPOStatus.VERIFIED


def audit_name(actor: Actor) -> User | str:
    """What the audit log calls `actor`: a person, or the name of the key or the driver."""
    if isinstance(actor, ApiKey):
        return f"api key: {actor.name}"
    if isinstance(actor, Driver):
        return f"driver: {actor.name}"
    return actor if isinstance(actor, User) else "nobody"
