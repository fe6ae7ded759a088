"""AWS Signature Version 4, made by botocore's signer.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
Without credentials in the configuration AWS's own default chain is asked (environment, shared files, container,
instance metadata), in a thread, because it reads files and may call the metadata service with a client of its own.
"""

import asyncio
import math
from typing import TYPE_CHECKING, ClassVar, Final, Self

import httpx
from pydantic import BaseModel

from probe.cloud.auth.contract import AuthSurroundings, CredentialComplaint, NoOptions, sendable, unsendable
from probe.cloud.entry import VendorEntry
from probe.cloud.file.vendor import CatalogEntry, Endpoint
from probe.model.clock import Clock
from probe.model.phase import Phase
from probe.model.stopwatch import Stopwatch

if TYPE_CHECKING:
    from probe.cloud.auth.signing import Chain, Keys

_PATIENCE: Final = 60.0
"""Seconds between two looks at the source of credentials that are about to expire."""


class SigV4:
    """Signs each request for the service that its endpoint names, at the moment it is sent."""

    Options: ClassVar[type[BaseModel]] = NoOptions
    signs: ClassVar[bool] = True
    catalogs: ClassVar[bool] = False
    clocked: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ()

    def __init__(self, entry: VendorEntry, clock: Clock) -> None:
        from probe.cloud.auth import signing  # noqa: PLC0415 - slow to import, and only who signs needs it

        self._signing = signing
        self._entry = entry
        self._clock = clock
        self._chain: Chain | None = None
        self._frozen: Keys | None = None
        self._refreshed_at = -math.inf
        self._lock = asyncio.Lock()

    @classmethod
    def build(cls, surroundings: AuthSurroundings) -> Self:
        """One for a vendor entry."""
        return cls(surroundings.entry, surroundings.clock)

    @classmethod
    def wants(cls, options: BaseModel) -> tuple[str, ...]:
        """None: there are several ways."""
        del options
        return ()

    @classmethod
    def complaints(cls, entry: VendorEntry) -> list[CredentialComplaint]:
        """Keys that no header can carry."""
        return unsendable(entry)

    async def ready(self, watch: Stopwatch) -> None:
        """Have credentials that last; those of the configuration always do.

        Raises:
            ProbeFailed: denied: the default chain has none.
        """
        if self._is_static or self._lasts():
            return
        async with self._lock:
            if not self._lasts():
                with watch.phase(Phase.AUTH):
                    self._chain, frozen = await asyncio.to_thread(self._signing.resolve, self._chain)
                for secret in (frozen.secret_key, frozen.token):
                    self._entry.redactor.learn(secret or "")
                self._frozen = frozen
                self._refreshed_at = self._clock.now()

    def catalog(self, wanted: CatalogEntry) -> str | None:
        """There is no catalog."""
        del wanted
        return None

    def stamp(self, request: httpx.Request, endpoint: Endpoint) -> None:
        """Sign *request*."""
        service = endpoint.sign_as or ""
        self._signing.sign(request, self._credentials(), service, self._entry.region, self._clock.wall())

    def invalidate(self, request: httpx.Request) -> bool:
        """Resolve the chain anew; credentials of the configuration stay what they are unless they were rotated."""
        if self._is_static:
            return f"Credential={self._credentials().access_key}/" not in request.headers.get("Authorization", "")
        self._chain = self._frozen = None
        return True

    @property
    def _is_static(self) -> bool:
        return "access_key" in self._entry.credentials

    def _lasts(self) -> bool:
        """Whether there are credentials that need no look at their source now.

        A source may hand out the same ones again shortly before they expire; it is asked once a minute then.
        """
        if self._frozen is None or self._clock.now() - self._refreshed_at < _PATIENCE:
            return self._frozen is not None
        needed = getattr(self._chain, "refresh_needed", None)  # only credentials that expire have it
        return needed is None or not needed()

    def _credentials(self) -> "Keys":
        if self._is_static:
            secret, token = self._entry.secret, self._entry.secret("session_token")
            return self._signing.given(
                sendable(secret("access_key"), "access_key"),
                secret("secret_key") or "",
                None if token is None else sendable(token, "session_token"),
            )
        if self._frozen is None:
            raise RuntimeError("credentials were used before they were resolved")
        return self._frozen
