from probe.store.ledger import Admit, Holdings, Ledger, Step
from probe.store.outages import OutageTable
from probe.store.store import Store
from probe.store.trouble import IntentRefused, StateFolderAbsent, StateFolderRefused, StoreFailed, WrongMove

__all__ = [
    "Admit",
    "Holdings",
    "IntentRefused",
    "Ledger",
    "OutageTable",
    "StateFolderAbsent",
    "StateFolderRefused",
    "Step",
    "Store",
    "StoreFailed",
    "WrongMove",
]
