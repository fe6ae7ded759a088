"""The fence round the tests."""

import socket

import pytest

from tests.conftest import LeftLoopbackError


def test_connecting_beyond_loopback_fails_the_test() -> None:
    """No test reaches a machine that is not this one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock, pytest.raises(LeftLoopbackError):
        sock.connect(("192.0.2.1", 9))


def test_loopback_is_allowed() -> None:
    """Real servers of the tests live on loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", 9))
