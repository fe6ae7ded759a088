from typing import TYPE_CHECKING

from probe.model.doors import door
from probe.model.ledger import LedgerPlace

if TYPE_CHECKING:
    from probe.store.accounts import SameAccount
    from probe.store.backend import OwnerAlive
    from probe.store.holdings import Holdings
    from probe.store.ledger import Admit, Ledger, Step
    from probe.store.outages import OutageTable
    from probe.store.residuals import Residual
    from probe.store.store import Store
    from probe.store.trouble import (
        IntentRefused,
        LedgerAway,
        StateFolderAbsent,
        StateFolderRefused,
        StateFolderTaken,
        StoreFailed,
        WrongMove,
    )

__all__ = [
    "Admit",
    "Holdings",
    "IntentRefused",
    "Ledger",
    "LedgerAway",
    "LedgerPlace",
    "OutageTable",
    "OwnerAlive",
    "Residual",
    "SameAccount",
    "StateFolderAbsent",
    "StateFolderRefused",
    "StateFolderTaken",
    "Step",
    "Store",
    "StoreFailed",
    "WrongMove",
]

_HOMES = {
    "accounts": ("SameAccount",),
    "backend": ("OwnerAlive",),
    "holdings": ("Holdings",),
    "ledger": (
        "Admit",
        "Ledger",
        "Step",
    ),
    "outages": ("OutageTable",),
    "residuals": ("Residual",),
    "store": ("Store",),
    "trouble": (
        "IntentRefused",
        "LedgerAway",
        "StateFolderAbsent",
        "StateFolderRefused",
        "StateFolderTaken",
        "StoreFailed",
        "WrongMove",
    ),
}
__getattr__ = door(__name__, _HOMES)
