"""botocore's signer and its chain of credentials: the only module that knows botocore.

It takes a tenth of a second to import, which only those pay who sign: `sigv4` loads it when it is first built.
"""

from datetime import UTC, datetime
from typing import Final, TypeAlias

import httpx
from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import BotoCoreError, ClientError

from probe.model.outcome import Outcome, ProbeFailed

Chain: TypeAlias = Credentials
Keys: TypeAlias = ReadOnlyCredentials

_SIGNED: Final = ("host", "content-type")
_SIGNED_PREFIX: Final = "x-amz-"


def given(access_key: str, secret_key: str, token: str | None) -> Keys:
    """Credentials that the configuration has."""
    return Keys(access_key, secret_key, token)


def resolve(known: Chain | None) -> tuple[Chain, Keys]:
    """Credentials of AWS's default chain, *known* ones refreshed if they need it. Blocks.

    Raises:
        ProbeFailed: denied: there are none.
    """
    import botocore.session  # noqa: PLC0415 - half of botocore, and only the default chain needs it

    try:
        found = known or botocore.session.get_session().get_credentials()
        if found is not None:
            return found, found.get_frozen_credentials()  # this is what refreshes
    except (BotoCoreError, ClientError) as error:  # ClientError: STS refused a role
        raise ProbeFailed(Outcome.DENIED, f"AWS's default credential chain failed: {error}") from error
    raise ProbeFailed(
        Outcome.DENIED, "AWS's default credential chain has no credentials: set them in the configuration or there"
    )


def sign(request: httpx.Request, credentials: Keys, service: str, region: str, wall: float) -> None:
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
