from cpo.admin.api_keys import ApiKeyAdmin
from cpo.admin.audited import AuditedAdmin
from cpo.admin.companies import CPOAdmin
from cpo.admin.invitations import InvitationAdmin
from cpo.admin.log import AuditEntryAdmin
from cpo.admin.people import DriverAdmin, UserAdmin
from cpo.admin.webhooks import EventDeliveryAdmin, WebhookEndpointAdmin

__all__ = [
    "ApiKeyAdmin",
    "AuditEntryAdmin",
    "AuditedAdmin",
    "CPOAdmin",
    "DriverAdmin",
    "EventDeliveryAdmin",
    "InvitationAdmin",
    "UserAdmin",
    "WebhookEndpointAdmin",
]
