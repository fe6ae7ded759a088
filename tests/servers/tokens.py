"""A token endpoint and an API behind it on loopback, which really check what they are sent (RFC 6749, RFC 7523)."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, unquote_plus

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from typing_extensions import override

CLIENT: Final = ("app-1", "s3cret+with/odd=letters&more")
JWT_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class TokenServer:
    """What it was asked, and how it is to answer.

    Attributes:
        life: seconds that a token lasts, as it says.
        seconds: how long the token endpoint takes.
        forms: every form that came to the token endpoint.
        good: the tokens that the API takes.
        headers: the Authorization of every request to the API.
        public: the key that assertions must be signed with.
    """

    def __init__(self, public: RSAPublicKey | None = None) -> None:
        self.life: object = 3600
        self.seconds = 0.0
        self.forms: list[dict[str, str]] = []
        self.good: set[str] = set()
        self.headers: list[str] = []
        self.public = public
        self.port = 0
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, object]]:
        """The answer of the token endpoint."""
        time.sleep(self.seconds)
        with self._lock:
            self.forms.append(form)
            refusal = self._refusal(form, authorization)
            if refusal:
                return (401 if refusal == "invalid_client" else 400), {"error": refusal, "error_description": "no"}
            value = f"token-{len(self.forms)}-0123456789"
            self.good.add(value)
            return 200, {"access_token": value, "token_type": "Bearer", "expires_in": self.life}

    def _refusal(self, form: dict[str, str], authorization: str) -> str:
        if form.get("grant_type") == JWT_GRANT and self.public is not None:
            return "" if self._holds(form.get("assertion", ""), self.public) else "invalid_grant"
        if form.get("grant_type") != "client_credentials":
            return "unsupported_grant_type"
        client = (form.get("client_id", ""), form.get("client_secret", ""))
        if authorization.startswith("Basic "):
            name, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
            client = (unquote_plus(name), unquote_plus(secret))
        return "" if client == CLIENT else "invalid_client"

    def _holds(self, assertion: str, key: RSAPublicKey) -> bool:
        signed, _, signature = assertion.rpartition(".")
        try:
            key.verify(_decoded(signature), signed.encode(), PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        claims = claims_of(assertion)
        return bool(claims["aud"] == f"{self.url}/token" and claims["iat"] - 60 < time.time() < claims["exp"])


def claims_of(assertion: str) -> dict[str, Any]:
    """What an assertion says."""
    claims: dict[str, Any] = json.loads(_decoded(assertion.split(".")[1]))
    return claims


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@contextmanager
def token_server(public: RSAPublicKey | None = None) -> Iterator[TokenServer]:
    """One that is served until the block ends."""
    told = TokenServer(public)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}
            self._answer(*told.token(form, self.headers.get("Authorization", "")))

        def do_GET(self) -> None:
            told.headers.append(self.headers.get("Authorization", ""))
            good = told.headers[-1].removeprefix("Bearer ") in told.good
            self._answer(200 if good else 401, {} if good else {"error": {"message": f"not {told.headers[-1]}"}})

        def _answer(self, status: int, body: dict[str, object]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        @override
        def log_message(self, format: str, *args: object) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
