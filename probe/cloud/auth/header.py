"""A key that the operator was given, sent in a header of the vendor's choosing."""

from typing import ClassVar, Final, Self

import httpx
from pydantic import BaseModel, Field

from probe.cloud.auth.contract import AuthSurroundings, CredentialComplaint, sendable, unsendable
from probe.cloud.entry import VendorEntry
from probe.cloud.file.vendor import CatalogEntry, Endpoint
from probe.model.stopwatch import Stopwatch

CREDENTIAL: Final = "token"


class HeaderOptions(BaseModel, extra="forbid", frozen=True):
    """What a vendor file says of the header."""

    name: str = Field(
        "X-Auth-Token", pattern=r"^[A-Za-z0-9-]{1,64}$", description="what the header is called", examples=["X-Api-Key"]
    )
    credential: str = Field(
        CREDENTIAL, description="which of the file's credentials it carries", examples=["secret_key"]
    )
    prefix: str = Field("", description="what stands before the key, a blank after it included", examples=["Token "])


class Header:
    """Sends one credential as it is, read at every use, so that a rotated one is picked up."""

    Options: ClassVar[type[BaseModel]] = HeaderOptions
    signs: ClassVar[bool] = False
    catalogs: ClassVar[bool] = False
    clocked: ClassVar[bool] = False
    needs: ClassVar[tuple[str, ...]] = ()

    def __init__(self, entry: VendorEntry, options: HeaderOptions) -> None:
        self._entry = entry
        self._options = options

    @classmethod
    def build(cls, surroundings: AuthSurroundings) -> Self:
        """One for a vendor entry."""
        return cls(surroundings.entry, HeaderOptions.model_validate(surroundings.options.model_dump()))

    @classmethod
    def wants(cls, options: BaseModel) -> tuple[str, ...]:
        """The one that it sends."""
        return (options.credential,) if isinstance(options, HeaderOptions) else (CREDENTIAL,)

    @classmethod
    def complaints(cls, entry: VendorEntry) -> list[CredentialComplaint]:
        """Credentials that no header can carry."""
        return unsendable(entry)

    async def ready(self, watch: Stopwatch) -> None:
        """Nothing has to be obtained."""
        del watch

    def catalog(self, wanted: CatalogEntry) -> str | None:
        """There is no catalog."""
        del wanted
        return None

    def stamp(self, request: httpx.Request, endpoint: Endpoint) -> None:
        """Put the key on *request*."""
        del endpoint  # the key is good for all of them
        name = self._options.credential
        request.headers[self._options.name] = self._options.prefix + sendable(self._entry.secret(name), name)

    def invalidate(self, request: httpx.Request) -> bool:
        """A rotated key helps; the same one does not."""
        refused: str = request.headers.get(self._options.name, "")
        return refused != f"{self._options.prefix}{self._entry.secret(self._options.credential)}"
