"""What the roaming endpoints share: the platform's staff and keys, and drivers for themselves."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework.request import Request

from cpo.access import audit_name, is_platform_staff, visible
from cpo.api.endpoint import Endpoint
from cpo.models import Driver
from ocpi.models import OwnToken, RoamingContract, TokenType
from ocpi.services.sent_commands.asking import Asker
from unievp.lib.errors import ForbiddenError, InvalidError, NotFoundError, RefusedError


class RoamingEndpoint(Endpoint):
    """Drivers belong to the platform, and so does their roaming: no company has a part in it."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not isinstance(self.actor, Driver) and not is_platform_staff(self.actor):
            raise ForbiddenError(_("This is the platform's own."), code="not_the_platform")

    def contract(self, driver_id: UUID | None) -> RoamingContract:
        """The driver's own; others name whose. Raises InvalidError, NotFoundError, RefusedError."""
        if isinstance(self.actor, Driver):
            driver_id = self.actor.pk
        elif driver_id is None:
            raise InvalidError(_("Name the driver."), field="driver_id")
        rows = visible(self.actor, RoamingContract.objects.select_related("driver", "party"))
        found = rows.filter(driver_id=driver_id).first()
        if found is None and isinstance(self.actor, Driver):
            detail = _("You have no roaming contract yet; ask the platform for one.")
            raise RefusedError(detail, code="no_contract")
        if found is None:
            detail = _("There is no driver with a roaming contract by this id.")
            raise NotFoundError(detail, field="driver_id")
        return found

    def asker(self, driver: Driver | None) -> Asker:
        return Asker(audit_name(self.actor), driver)


def app_token(contract: RoamingContract) -> OwnToken:
    """What commands carry for the driver."""
    tokens = OwnToken.objects.select_related("contract__driver", "id_token")
    return tokens.get(contract=contract, type=TokenType.APP_USER)
