"""How long a client may take, and how much it may say, before the server lets go of it.

uvicorn waits for ever for the head of a request, keeps as much of it as comes, and waits for ever until a client has
taken its answer: a few hundred connections that say nothing would keep Prometheus out.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """What a client is given.

    Attributes:
        head: seconds from the connection, or from the last answer, until the head of a request is complete.
        answer: seconds from there until the answer is taken.
        bytes: of a head; not exactly, but as they come.
    """

    head: float = 10.0
    answer: float = 120.0
    bytes: int = 1 << 16


PATIENCE: Final = Patience()


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol with an end to its patience; `patient` makes the class for a `Patience`."""

    patience = PATIENCE
    _alarm: asyncio.TimerHandle | None = None
    _said = 0
    _answering = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the parent does
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._allow(self.patience.head)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._forget_alarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what is said before a request is whole."""
        if not self._answering:
            self._said += len(data)
            if self._said > self.patience.bytes:
                self.transport.abort()
                return
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """Begin to wait for the answer to be taken."""
        super().on_headers_complete()
        self._answering, self._said = True, 0
        self._allow(self.patience.answer)

    def on_response_complete(self) -> None:
        """Begin to wait for the next request."""
        self._answering = bool(self.pipeline)
        self._allow(self.patience.answer if self._answering else self.patience.head)
        super().on_response_complete()

    def _allow(self, seconds: float) -> None:
        self._forget_alarm()
        self._alarm = self.loop.call_later(seconds, self._give_up)

    def _give_up(self) -> None:
        self.transport.abort()

    def _forget_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None


def patient(given: Patience) -> type[PatientProtocol]:
    """The protocol of a server that has so much patience."""

    class Given(PatientProtocol):
        patience = given

    return Given
