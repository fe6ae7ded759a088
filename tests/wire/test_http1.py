"""HTTP/1.1 without I/O: the same bytes mean the same however they come, and no bytes break the reading."""

import weakref
from itertools import pairwise

import httptools
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.model.outcome import ProbeFailed
from probe.wire.http1 import Answer, serialise

HONEST = (httptools.HttpParserError, httptools.HttpParserUpgrade, ProbeFailed)

WHOLE = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\nX-A: 2\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;ext=1\r\nllo\r\n0\r\nTrailer: x\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
    ]
)


def read(pieces: list[bytes], *, limit: int = 1000) -> Answer:
    """What the pieces mean."""
    answer = Answer(limit=limit)
    for piece in pieces:
        if answer.complete:
            break
        answer.feed(piece)
    return answer


@given(whole=WHOLE, cuts=st.lists(st.integers(1, 120), max_size=8))
def test_an_answer_means_the_same_however_it_is_cut(whole: bytes, cuts: list[int]) -> None:
    """TCP knows no messages."""
    edges = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    pieces = [whole[start:end] for start, end in pairwise(edges)]
    one, many = read([whole]), read(pieces)
    assert many.complete
    assert (one.status, one.headers, one.body) == (many.status, many.headers, many.body) == (200, one.headers, b"hello")
    assert not any(name in {b"Link", b"Trailer"} for name, _ in one.headers)


@given(data=st.lists(st.binary(max_size=200), max_size=6))
def test_no_bytes_break_the_reading(data: list[bytes]) -> None:
    """Whatever comes is an answer, or is refused in one of three words."""
    try:
        answer = read(data, limit=100)
        answer.end()
    except HONEST:
        return
    assert len(answer.body) <= 100


@given(whole=WHOLE, position=st.integers(0, 150), byte=st.integers(0, 255))
def test_no_spoilt_byte_breaks_the_reading(whole: bytes, position: int, byte: int) -> None:
    """The same for answers that are nearly right."""
    position %= len(whole)
    try:
        answer = read([whole[:position] + bytes([byte]) + whole[position + 1 :]])
        answer.end()
    except HONEST:
        return


def test_one_byte_chunks_are_read_up_to_the_limit_and_wasteful_ones_are_not() -> None:
    """A body may cost eight times its length on the wire; a peer that sends extensions instead is cut off."""
    answer = Answer(limit=100_000)
    answer.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 100_000)
    assert len(answer.body) == 100_000
    answer = Answer(limit=1000)
    answer.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    with pytest.raises(HONEST):
        answer.feed((b"1;" + b"x" * 1000 + b"\r\ny\r\n") * 200)


def test_a_second_answer_was_not_asked_for() -> None:
    """It is not read, and the connection is not used again."""
    one = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
    assert read([one]).reusable
    two = read([one + one.replace(b"200 OK", b"500 No")])
    assert (two.status, two.body, two.reusable) == (200, b"hi", False)
    assert not read([one + b"garbage"]).reusable
    assert not read([one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")]).reusable


@given(
    name=st.text(st.characters(codec="latin-1"), min_size=1, max_size=12),
    value=st.text(st.characters(codec="latin-1"), max_size=12),
)
def test_a_header_is_sent_as_one_line_or_not_at_all(name: str, value: str) -> None:
    """No header can bring another line with it."""
    headers = [(name.encode("latin-1"), value.encode("latin-1"))]
    request = httpx.Request("GET", "http://a.test/", headers=headers)
    plain = len(serialise(httpx.Request("GET", "http://a.test/", headers={"X-A": "1"}), keep=True).split(b"\n"))
    try:
        sent = serialise(request, keep=True)
    except ProbeFailed:
        return
    added = 0 if name.lower() not in {"host", "user-agent"} else 1
    assert len(sent.split(b"\n")) == plain - added
    assert sent.count(b"\r") == sent.count(b"\n")


async def test_a_streamed_body_is_sent_in_one_chunk() -> None:
    """Its length is known once it has been read, but its headers are the caller's."""

    async def body() -> object:
        yield b"ab"
        yield b"cd"

    request = httpx.Request("POST", "http://a.test/", content=body())  # type: ignore[arg-type]  # an async generator
    await request.aread()
    assert serialise(request, keep=False).endswith(b"\r\n\r\n4\r\nabcd\r\n0\r\n\r\n")


def test_a_body_can_be_counted_instead_of_kept() -> None:
    """For those who want to know how long it is, however long it is."""
    answer = Answer(limit=100, keep=False)
    answer.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
    assert answer.complete
    assert answer.body == b""
    assert answer.length == 5


def test_an_answer_that_was_read_leaves_no_ring_behind() -> None:
    """The agent collects garbage at its own pace: what a run leaves to the collector adds up meanwhile."""
    answer = Answer(limit=100)
    answer.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    answer.close()
    gone = weakref.ref(answer)
    del answer
    assert gone() is None
