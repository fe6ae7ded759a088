"""The table from exceptions to outcomes."""

import errno
import os
import resource
import ssl

import dns.message
import httptools
import httpx
import pytest

from probe.model.outcome import Blame, Outcome, ProbeFailed
from probe.model.stopwatch import Stopwatch
from probe.wire import Route, Wire
from probe.wire.faults import ERRNO_OUTCOMES, from_errno, from_exception, translated


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (errno.ECONNREFUSED, Outcome.REFUSED),
        (errno.EHOSTUNREACH, Outcome.REFUSED),
        (errno.ENETUNREACH, Outcome.REFUSED),
        (errno.ECONNRESET, Outcome.BROKEN),
        (errno.ETIMEDOUT, Outcome.TIMEOUT),
        (errno.EMFILE, Outcome.OVERLOADED),
        (errno.EADDRNOTAVAIL, Outcome.OVERLOADED),
        (errno.EPERM, Outcome.NETWORK),
        (errno.EPROTO, Outcome.BROKEN),
    ],
)
def test_errors_of_the_socket_layer(code: int, outcome: Outcome) -> None:
    """What a router or the peer said is the vendor's; what our host refuses is the agent's."""
    failure = from_exception(OSError(code, "x"))
    assert failure is not None
    assert failure.outcome is outcome
    assert failure.detail == os.strerror(code).lower()


def test_no_route_is_our_own_fault_when_our_own_table_says_so() -> None:
    """The same number means two things: it depends on whether a packet can have left."""
    assert from_errno(errno.ENETUNREACH, local=True).outcome is Outcome.NETWORK
    assert from_errno(errno.ECONNREFUSED, local=True).outcome is Outcome.REFUSED


def test_nothing_that_our_host_lacks_is_blamed_on_a_vendor() -> None:
    """Descriptors, memory, ports, permission."""
    for code in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL, errno.EACCES):
        assert ERRNO_OUTCOMES[code].blame is Blame.AGENT


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (httptools.HttpParserError("x"), Outcome.VENDOR_ERROR),
        (httptools.HttpParserUpgrade(3), Outcome.VENDOR_ERROR),
        (httpx.ConnectTimeout("x"), Outcome.TIMEOUT),
        (httpx.PoolTimeout("x"), Outcome.TIMEOUT),
        (httpx.ConnectError("x"), Outcome.REFUSED),
        (httpx.ReadError("x"), Outcome.BROKEN),
        (httpx.RemoteProtocolError("Server disconnected without sending a response."), Outcome.BROKEN),
        (httpx.RemoteProtocolError("illegal"), Outcome.VENDOR_ERROR),
        (httpx.LocalProtocolError("illegal"), Outcome.INVALID),
        (httpx.UnsupportedProtocol("x"), Outcome.INVALID),
        (httpx.InvalidURL("x"), Outcome.INVALID),
        (httpx.DecodingError("x"), Outcome.VENDOR_ERROR),
        (httpx.TooManyRedirects("x"), Outcome.VENDOR_ERROR),
        (TimeoutError(), Outcome.BROKEN),
        (ssl.SSLEOFError(), Outcome.BROKEN),
    ],
)
def test_errors_of_libraries(error: Exception, outcome: Outcome) -> None:
    """Each has one word."""
    failure = from_exception(error)
    assert failure is not None
    assert failure.outcome is outcome


def test_what_dnspython_cannot_read_is_the_servers_error() -> None:
    """Its exceptions have one root."""
    with pytest.raises(ProbeFailed, match="not DNS") as caught, translated():
        dns.message.from_wire(b"\0" * 5)
    assert caught.value.outcome is Outcome.VENDOR_ERROR


def test_bugs_and_our_own_words_pass_as_they_are() -> None:
    """The wire names what it knows; the rest is the runner's."""
    for error in (KeyError("x"), ProbeFailed(Outcome.CAPACITY, "x")):
        with pytest.raises(type(error)) as caught, translated():
            raise error
        assert caught.value is error
    assert from_exception(KeyError("x")) is None


async def test_too_many_open_files_are_the_agents_fault(wire: Wire, watch: Stopwatch) -> None:
    """The packet never left, so no vendor was slow."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.open(os.devnull, os.O_RDONLY)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
    try:
        with pytest.raises(ProbeFailed) as caught:
            await wire.knock("127.0.0.1", 1, watch, Route())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert caught.value.outcome is Outcome.OVERLOADED


def test_a_refused_connection_is_an_answer() -> None:
    """It says that the network is there; a host that cannot be reached says nothing of the kind."""
    assert from_errno(errno.ECONNREFUSED).answered
    assert from_errno(errno.ECONNREFUSED, local=True).answered
    assert not from_errno(errno.EHOSTUNREACH).answered
    assert not from_errno(errno.ETIMEDOUT).answered
