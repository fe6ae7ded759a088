"""What holds for every test: nothing leaves loopback."""

import ipaddress
import socket
from typing import Any

import pytest


class LeftLoopbackError(AssertionError):
    """A test tried to reach something that is not on this machine."""


def _refuse_foreign(address: object) -> None:
    if not isinstance(address, tuple):
        return  # a Unix socket
    try:
        foreign = not ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback
    except ValueError:
        foreign = str(address[0]) not in {"localhost", ""}
    if foreign:
        raise LeftLoopbackError(f"a test tried to connect to {address}: emulators hand out public addresses, too")


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail the test that connects or sends beyond loopback."""

    class LoopbackSocket(socket.socket):
        def connect(self, address: object, /) -> None:
            _refuse_foreign(address)
            super().connect(address)  # type: ignore[arg-type]  # the interpreter's own signature is private

        def connect_ex(self, address: object, /) -> int:
            _refuse_foreign(address)
            return super().connect_ex(address)  # type: ignore[arg-type]  # as above

        def sendto(self, data: Any, *arguments: Any) -> int:
            _refuse_foreign(arguments[-1])
            sent: int = super().sendto(data, *arguments)
            return sent

    monkeypatch.setattr(socket, "socket", LoopbackSocket)
