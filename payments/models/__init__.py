from payments.models.bill import Bill, BillLine, BillLineKind
from payments.models.commission import CommissionRate
from payments.models.ledger import (
    LedgerAccount,
    LedgerBlock,
    LedgerBlockItem,
    LedgerEntry,
    LedgerTransaction,
    Side,
)
from payments.models.settlement import Settlement, SettlementStatusChange
from payments.states import SettlementStatus

__all__ = [
    "Bill",
    "BillLine",
    "BillLineKind",
    "CommissionRate",
    "LedgerAccount",
    "LedgerBlock",
    "LedgerBlockItem",
    "LedgerEntry",
    "LedgerTransaction",
    "Settlement",
    "SettlementStatus",
    "SettlementStatusChange",
    "Side",
]
