"""Where a ledger is kept that is not a file of the state folder."""

from dataclasses import dataclass

from probe.model.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerPlace:
    """A PostgreSQL database; whoever may connect to it and uses the same schema shares one ledger.

    Attributes:
        url: `postgresql://USER@HOST:PORT/DATABASE`, with libpq's parameters as its query; holds no password.
        password: of the user, read anew at each connect; None where the server wants none, or libpq knows it.
    """

    url: str
    password: Secret | None = None

    def __str__(self) -> str:
        return self.url.partition("?")[0]
