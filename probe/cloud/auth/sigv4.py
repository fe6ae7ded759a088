"""AWS Signature Version 4, made by botocore's signer: the only module that knows botocore.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
Without credentials in the configuration AWS's own default chain is asked (environment, shared files, container,
instance metadata), in a thread, because it reads files and may call the metadata service with a client of its own.
"""

import asyncio
import math
from datetime import UTC, datetime
from typing import ClassVar, Final, Self

import botocore.session
import httpx
from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import BotoCoreError
from pydantic import BaseModel

from probe.cloud.auth.contract import AuthSurroundings, NoOptions
from probe.cloud.entry import VendorEntry
from probe.cloud.file.vendor import CatalogEntry, Endpoint
from probe.model.clock import Clock
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.model.stopwatch import Stopwatch

_SIGNED: Final = ("host", "content-type")
_SIGNED_PREFIX: Final = "x-amz-"
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
        self._entry = entry
        self._clock = clock
        self._chain: Credentials | None = None
        self._frozen: ReadOnlyCredentials | None = None
        self._refreshed_at = -math.inf
        self._lock = asyncio.Lock()

    @classmethod
    def build(cls, surroundings: AuthSurroundings) -> Self:
        """One for a vendor entry."""
        return cls(surroundings.entry, surroundings.clock)

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
                    self._chain, self._frozen = await asyncio.to_thread(_resolve, self._chain)
                self._refreshed_at = self._clock.now()

    def catalog(self, wanted: CatalogEntry) -> str | None:
        """There is no catalog."""
        del wanted
        return None

    def stamp(self, request: httpx.Request, endpoint: Endpoint) -> None:
        """Sign *request*."""
        service = endpoint.sign_as or ""
        sign(request, self._credentials(), service, self._entry.region, self._clock.wall())

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

    def _credentials(self) -> ReadOnlyCredentials:
        if self._is_static:
            secret = self._entry.secret
            return ReadOnlyCredentials(secret("access_key"), secret("secret_key"), secret("session_token"))
        if self._frozen is None:
            raise RuntimeError("credentials were used before they were resolved")
        return self._frozen


def _resolve(known: Credentials | None) -> tuple[Credentials, ReadOnlyCredentials]:
    """Credentials of the default chain, refreshed if they need it. Blocks."""
    try:
        found = known or botocore.session.get_session().get_credentials()
        if found is not None:
            return found, found.get_frozen_credentials()  # this is what refreshes
    except BotoCoreError as error:
        raise ProbeFailed(Outcome.DENIED, f"AWS's default credential chain failed: {error}") from error
    raise ProbeFailed(
        Outcome.DENIED, "AWS's default credential chain has no credentials: set them in the configuration or there"
    )


def sign(request: httpx.Request, credentials: ReadOnlyCredentials, service: str, region: str, wall: float) -> None:
    """Sign *request* as of *wall* (seconds since 1970), over its host, content type and `x-amz-` headers.

    botocore's own `add_auth` would take the time from a clock that is not ours, so its steps are taken one by one.
    """
    signer = SigV4Auth(credentials, service, region)
    kept = {
        name: value for name, value in request.headers.items() if name in _SIGNED or name.startswith(_SIGNED_PREFIX)
    }
    stamp = datetime.fromtimestamp(wall, UTC).strftime(SIGV4_TIMESTAMP)
    kept["x-amz-date"] = stamp
    if credentials.token:
        kept["x-amz-security-token"] = credentials.token
    shown = AWSRequest(method=request.method, url=str(request.url), data=request.content, headers=kept)
    shown.context["timestamp"] = stamp
    signature = signer.signature(signer.string_to_sign(shown, signer.canonical_request(shown)), shown)
    names = signer.signed_headers(signer.headers_to_sign(shown))
    request.headers.update(kept)
    request.headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={signer.scope(shown)}, SignedHeaders={names}, Signature={signature}"
    )
