"""Whose bank account it is, asked at a gateway that can tell (payments.md §3.3)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cpo.access import is_platform_staff
from cpo.models import BankAccountChange, User
from cpo.services.bank_accounts import keep_name_at_bank
from payments.gateways.base import GatewayError, UnsupportedError
from payments.models import ProviderConfig
from payments.services.providers import gateway_of
from unievp.lib.errors import ForbiddenError, RefusedError


def ask_account_name(change: BankAccountChange, *, actor: User) -> BankAccountChange:
    """Keep the holder's name that the first gateway that can tell gives. Calls the gateway.

    Raises ForbiddenError, RefusedError (no gateway can tell; the bank knows no such account).
    """
    if not is_platform_staff(actor):
        raise ForbiddenError(_("Only platform staff ask the gateway."))
    configs = ProviderConfig.objects.filter(cpo=None, is_active=True, for_payouts=True)
    for config in configs.order_by("priority", "created_at"):
        try:
            name = gateway_of(config).account_name(change.bank_code, change.account_number)
        except UnsupportedError:
            continue
        except GatewayError as error:
            raise RefusedError(str(error), code="account_not_confirmed") from error
        return keep_name_at_bank(change, name=name, actor=actor)
    detail = _("No active gateway can tell whose account it is: look at the company's papers.")
    raise RefusedError(detail, code="no_account_check")
