from cpo.models.api_key import ApiKey, Scope
from cpo.models.audit import AuditEntry
from cpo.models.bank_account import BankAccountChange
from cpo.models.company import CPO, CPOStatus
from cpo.models.cursor import LogCursor
from cpo.models.document import CompanyDocument, DocumentKind
from cpo.models.driver import Driver
from cpo.models.idempotency import IdempotencyKey
from cpo.models.invitation import Invitation
from cpo.models.membership import Membership, Role
from cpo.models.notification import (
    MailWhen,
    Notification,
    NotificationChoice,
    NotificationSettings,
)
from cpo.models.user import User
from cpo.models.webhook_endpoint import WebhookEndpoint
from cpo.models.webhook_event import (
    DeliveryAttempt,
    DeliveryStatus,
    EventDelivery,
    WebhookEvent,
)

__all__ = [
    "CPO",
    "ApiKey",
    "AuditEntry",
    "BankAccountChange",
    "CPOStatus",
    "CompanyDocument",
    "DeliveryAttempt",
    "DeliveryStatus",
    "DocumentKind",
    "Driver",
    "EventDelivery",
    "IdempotencyKey",
    "Invitation",
    "LogCursor",
    "MailWhen",
    "Membership",
    "Notification",
    "NotificationChoice",
    "NotificationSettings",
    "Role",
    "Scope",
    "User",
    "WebhookEndpoint",
    "WebhookEvent",
]
