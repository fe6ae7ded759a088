"""A token that the operator was given, sent as `Authorization: Bearer …` (RFC 6750)."""

from typing import ClassVar, Self

import httpx
from pydantic import BaseModel

from probe.cloud.auth.contract import AuthSurroundings, NoOptions, sendable
from probe.cloud.entry import VendorEntry
from probe.cloud.file.vendor import CatalogEntry, Endpoint
from probe.model.stopwatch import Stopwatch


class Bearer:
    """Sends the credential `token`."""

    Options: ClassVar[type[BaseModel]] = NoOptions
    signs: ClassVar[bool] = False
    catalogs: ClassVar[bool] = False
    clocked: ClassVar[bool] = False
    needs: ClassVar[tuple[str, ...]] = ()

    def __init__(self, entry: VendorEntry) -> None:
        self._entry = entry

    @classmethod
    def build(cls, surroundings: AuthSurroundings) -> Self:
        """One for a vendor entry."""
        return cls(surroundings.entry)

    async def ready(self, watch: Stopwatch) -> None:
        """Nothing has to be obtained."""
        del watch

    def catalog(self, wanted: CatalogEntry) -> str | None:
        """There is no catalog."""
        del wanted
        return None

    def stamp(self, request: httpx.Request, endpoint: Endpoint) -> None:
        """Put the token on *request*, read now, so that a rotated one is picked up."""
        del endpoint  # the token is good for all of them
        request.headers["Authorization"] = f"Bearer {sendable(self._entry.secret('token'), 'token')}"

    def invalidate(self, request: httpx.Request) -> bool:
        """A rotated token helps; the same one does not."""
        refused: str = request.headers.get("Authorization", "")
        return refused != f"Bearer {self._entry.secret('token')}"
