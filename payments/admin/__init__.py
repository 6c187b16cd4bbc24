from payments.admin.bills import BillAdmin
from payments.admin.books import (
    LedgerAccountAdmin,
    LedgerBlockAdmin,
    LedgerEntryAdmin,
    LedgerTransactionAdmin,
)
from payments.admin.charges import PrepaidChargeAdmin
from payments.admin.limits import ChargeLimitAdmin
from payments.admin.rates import CommissionRateAdmin
from payments.admin.receipts import ReceiptMailAdmin
from payments.admin.settlements import SettlementAdmin

__all__ = [
    "BillAdmin",
    "ChargeLimitAdmin",
    "CommissionRateAdmin",
    "LedgerAccountAdmin",
    "LedgerBlockAdmin",
    "LedgerEntryAdmin",
    "LedgerTransactionAdmin",
    "PrepaidChargeAdmin",
    "ReceiptMailAdmin",
    "SettlementAdmin",
]
