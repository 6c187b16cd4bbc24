from payments.models.adjustment import Adjustment, AdjustmentKind
from payments.models.balance import GatewayBalance
from payments.models.bill import Bill, BillLine, BillLineKind
from payments.models.charge import PrepaidCharge
from payments.models.charge_limit import ChargeLimit
from payments.models.commission import CommissionRate
from payments.models.intent import PaymentAttempt, PaymentEvent, PaymentIntent
from payments.models.ledger import (
    LedgerAccount,
    LedgerBlock,
    LedgerBlockItem,
    LedgerEntry,
    LedgerTransaction,
    Side,
)
from payments.models.payout import Payout
from payments.models.proof import BooksProof, Difference, DifferenceStatus
from payments.models.provider import Environment, Provider, ProviderConfig
from payments.models.receipt_mail import ReceiptMail
from payments.models.refund import Refund
from payments.models.roaming import BillCredit, RoamingCharge
from payments.models.settlement import Settlement, SettlementStatusChange
from payments.models.settlement_proof import SettlementProof
from payments.models.settlement_schedule import (
    Frequency,
    SettlementRun,
    SettlementSchedule,
    Weekday,
)
from payments.models.statement import StatementKind, StatementLine
from payments.models.transfer_fee import TransferFee
from payments.models.webhook import WebhookDelivery
from payments.states import (
    AttemptStatus,
    ChargeStatus,
    EventKind,
    IntentStatus,
    MailStatus,
    PayoutStatus,
    RefundCause,
    RefundRoute,
    RefundStatus,
    SettlementStatus,
    StopReason,
)

__all__ = [
    "Adjustment",
    "AdjustmentKind",
    "AttemptStatus",
    "Bill",
    "BillCredit",
    "BillLine",
    "BillLineKind",
    "BooksProof",
    "ChargeLimit",
    "ChargeStatus",
    "CommissionRate",
    "Difference",
    "DifferenceStatus",
    "Environment",
    "EventKind",
    "Frequency",
    "GatewayBalance",
    "IntentStatus",
    "LedgerAccount",
    "LedgerBlock",
    "LedgerBlockItem",
    "LedgerEntry",
    "LedgerTransaction",
    "MailStatus",
    "PaymentAttempt",
    "PaymentEvent",
    "PaymentIntent",
    "Payout",
    "PayoutStatus",
    "PrepaidCharge",
    "Provider",
    "ProviderConfig",
    "ReceiptMail",
    "Refund",
    "RefundCause",
    "RefundRoute",
    "RefundStatus",
    "RoamingCharge",
    "Settlement",
    "SettlementProof",
    "SettlementRun",
    "SettlementSchedule",
    "SettlementStatus",
    "SettlementStatusChange",
    "Side",
    "StatementKind",
    "StatementLine",
    "StopReason",
    "TransferFee",
    "WebhookDelivery",
    "Weekday",
]
