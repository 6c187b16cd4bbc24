from payments.admin.adjustments import AdjustmentAdmin, GatewayBalanceAdmin
from payments.admin.banks import BankAccountChangeAdmin
from payments.admin.bills import BillAdmin
from payments.admin.books import (
    LedgerAccountAdmin,
    LedgerBlockAdmin,
    LedgerEntryAdmin,
    LedgerTransactionAdmin,
)
from payments.admin.charges import PrepaidChargeAdmin
from payments.admin.intents import PaymentIntentAdmin
from payments.admin.limits import ChargeLimitAdmin
from payments.admin.payouts import PayoutAdmin
from payments.admin.proofs import BooksProofAdmin, DifferenceAdmin
from payments.admin.providers import ProviderConfigAdmin
from payments.admin.rates import CommissionRateAdmin, TransferFeeAdmin
from payments.admin.receipts import ReceiptMailAdmin
from payments.admin.refunds import RefundAdmin
from payments.admin.roaming import BillCreditAdmin, RoamingChargeAdmin
from payments.admin.schedules import SettlementRunAdmin, SettlementScheduleAdmin
from payments.admin.settlements import SettlementAdmin
from payments.admin.statements import StatementLineAdmin
from payments.admin.webhooks import WebhookDeliveryAdmin

__all__ = [
    "AdjustmentAdmin",
    "BankAccountChangeAdmin",
    "BillAdmin",
    "BillCreditAdmin",
    "BooksProofAdmin",
    "ChargeLimitAdmin",
    "CommissionRateAdmin",
    "DifferenceAdmin",
    "GatewayBalanceAdmin",
    "LedgerAccountAdmin",
    "LedgerBlockAdmin",
    "LedgerEntryAdmin",
    "LedgerTransactionAdmin",
    "PaymentIntentAdmin",
    "PayoutAdmin",
    "PrepaidChargeAdmin",
    "ProviderConfigAdmin",
    "ReceiptMailAdmin",
    "RefundAdmin",
    "RoamingChargeAdmin",
    "SettlementAdmin",
    "SettlementRunAdmin",
    "SettlementScheduleAdmin",
    "StatementLineAdmin",
    "TransferFeeAdmin",
    "WebhookDeliveryAdmin",
]
