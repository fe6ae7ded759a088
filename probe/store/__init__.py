from probe.model.ledger import LedgerPlace
from probe.store.backend import OwnerAlive
from probe.store.holdings import Holdings
from probe.store.ledger import Admit, Ledger, Step
from probe.store.outages import OutageTable
from probe.store.residuals import Residual
from probe.store.store import Store
from probe.store.trouble import IntentRefused, StateFolderAbsent, StateFolderRefused, StoreFailed, WrongMove

__all__ = [
    "Admit",
    "Holdings",
    "IntentRefused",
    "Ledger",
    "LedgerPlace",
    "OutageTable",
    "OwnerAlive",
    "Residual",
    "StateFolderAbsent",
    "StateFolderRefused",
    "Step",
    "Store",
    "StoreFailed",
    "WrongMove",
]
