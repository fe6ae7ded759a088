"""Names: one address, by our own questions, each way of not getting one told apart."""

import asyncio
import time
from pathlib import Path

import pytest

from probe.model.clock import ClockSource
from probe.model.meter import Meter
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import Phase
from probe.model.stopwatch import Fact, Stopwatch
from probe.wire import Family, RealClock, Route, Wire
from tests.wire.name_server import NameServer, Records, name_files, name_server
from tests.wire.peers import peer, serving

NAMES: Records = {
    ("both.test.", "A"): ["127.0.0.1", "127.0.0.2"],
    ("both.test.", "AAAA"): ["::1"],
    ("six.test.", "AAAA"): ["::1"],
    ("alias.test.", "CNAME"): ["both.test."],
    ("empty.test.", "TXT"): ['"nothing"'],
    ("host.search.test.", "A"): ["127.0.0.1"],
    ("xn--bcher-kva.test.", "A"): ["127.0.0.1"],
}


async def knock(
    folder: Path, server: NameServer, name: str, family: Family = Family.ANY, *, resolv: str = "", hosts: str = ""
) -> tuple[Stopwatch, ProbeFailed | None]:
    """Knock at *name*; the stopwatch, and how it failed."""
    wire = Wire(RealClock(), Meter(), names=name_files(folder, server.port, resolv=resolv, hosts=hosts))
    watch = Stopwatch(RealClock())
    with peer(serving()) as other:
        try:
            await wire.knock(name, other.port, watch, Route(family=family))
        except ProbeFailed as failure:
            return watch, failure
        finally:
            await wire.close()
    return watch, None


async def test_a_name_is_asked_for_and_timed_by_the_kernel(tmp_path: Path) -> None:
    """The resolve phase is there, and lasts as long as the name server takes."""
    with name_server(NAMES) as server:
        server.delay = 0.03
        watch, failure = await knock(tmp_path, server, "both.test")
    assert failure is None
    assert 0.025 < watch.phases[Phase.RESOLVE] < 0.3
    assert Phase.CONNECT in watch.phases
    assert watch.facts[Fact.IP_PROTOCOL] == 4
    assert watch.source is ClockSource.KERNEL
    assert server.asked == [("both.test.", "A", "udp")]


async def test_a_stalled_loop_does_not_lengthen_the_resolve_phase(tmp_path: Path) -> None:
    """The answer came when the kernel says it came, however late we look."""
    with name_server(NAMES) as server:
        server.delay = 0.02
        asyncio.get_running_loop().call_later(0.005, time.sleep, 0.3)
        watch, failure = await knock(tmp_path, server, "both.test")
    assert failure is None
    assert watch.phases[Phase.RESOLVE] < 0.2
    assert watch.source is ClockSource.KERNEL


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "a.localhost", "in-hosts.test"])
async def test_what_needs_no_asking_has_no_resolve_phase(tmp_path: Path, name: str) -> None:
    """Literal addresses, localhost and the names of the hosts file are known."""
    with name_server({}) as server:
        watch, failure = await knock(tmp_path, server, name, hosts="127.0.0.1 In-Hosts.test # comment\n")
        assert failure is None
        assert Phase.RESOLVE not in watch.phases
        assert server.asked == []


@pytest.mark.parametrize(
    ("name", "family", "protocol", "asked"),
    [
        ("both.test", Family.ANY, 4, ["A"]),
        ("both.test", Family.IPV6, 6, ["AAAA"]),
        ("alias.test", Family.IPV4, 4, ["A"]),
        ("six.test", Family.ANY, 6, ["A", "AAAA"]),
        ("bücher.test", Family.ANY, 4, ["A"]),
    ],
)
async def test_the_first_address_of_the_chosen_family_is_used(
    tmp_path: Path, name: str, family: Family, protocol: int, asked: list[str]
) -> None:
    """Any means IPv4, and IPv6 only where there is none; nothing is tried side by side."""
    with name_server(NAMES) as server:
        watch, failure = await knock(tmp_path, server, name, family)
        assert [kind for _, kind, _ in server.asked] == asked
    assert watch.facts[Fact.IP_PROTOCOL] == protocol
    if protocol == 4:
        assert failure is None


@pytest.mark.parametrize(
    ("name", "family"), [("nowhere.test", Family.ANY), ("empty.test", Family.ANY), ("six.test", Family.IPV4)]
)
async def test_a_name_without_an_address_is_unresolved(tmp_path: Path, name: str, family: Family) -> None:
    """No such name and no such address are the same to who wants to connect."""
    with name_server(NAMES) as server:
        watch, failure = await knock(tmp_path, server, name, family)
    assert failure is not None
    assert failure.outcome is Outcome.UNRESOLVED
    assert watch.where is Phase.RESOLVE
    assert Phase.RESOLVE not in watch.phases


async def test_a_name_server_that_fails_is_asked_again_then_given_up(tmp_path: Path) -> None:
    """A SERVFAIL decides nothing until all attempts are used."""
    with name_server(NAMES) as server:
        server.rcode = 2
        _, failure = await knock(tmp_path, server, "both.test")
        assert len(server.asked) == 2
    assert failure is not None
    assert failure.outcome is Outcome.UNRESOLVED
    assert "SERVFAIL" in failure.detail


async def test_the_next_name_server_is_asked_when_the_first_is_silent(tmp_path: Path) -> None:
    """How long we waited for the silent one is the loop's to say, and the clock says so."""
    with name_server(NAMES) as server:
        replies = iter([False])
        server.spoil = lambda wire: wire if next(replies, True) else None
        resolv = "nameserver 127.0.0.1\nnameserver 127.0.0.1\noptions timeout:1 attempts:1\n"
        watch, failure = await knock(tmp_path, server, "both.test", resolv=resolv)
    assert failure is None
    assert watch.phases[Phase.RESOLVE] > 0.9
    assert watch.source is ClockSource.LOOP


async def test_an_answer_that_does_not_fit_is_asked_for_over_tcp(tmp_path: Path) -> None:
    """Truncation is no failure."""
    with name_server(NAMES) as server:
        server.truncate = True
        _, failure = await knock(tmp_path, server, "both.test")
        assert [transport for _, _, transport in server.asked] == ["udp", "tcp"]
    assert failure is None


async def test_answers_to_other_questions_are_passed_over(tmp_path: Path) -> None:
    """Whoever guesses our port must guess the number and the question, too."""
    with name_server(NAMES) as server:
        server.spoil = lambda wire: bytes([wire[0] ^ 1]) + wire[1:]
        resolv = "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"
        _, failure = await knock(tmp_path, server, "both.test", resolv=resolv)
    assert failure is not None
    assert failure.outcome is Outcome.UNRESOLVED


@pytest.mark.parametrize("resolv", ["nameserver 127.0.0.1\nsearch other.test search.test\n"])
async def test_short_names_are_searched_for(tmp_path: Path, resolv: str) -> None:
    """A name without dots is tried in the search domains first, and as it is at last."""
    with name_server(NAMES) as server:
        _, failure = await knock(tmp_path, server, "host", resolv=resolv)
        assert [name for name, _, _ in server.asked] == ["host.other.test.", "host.search.test."]
    assert failure is None


async def test_without_a_name_server_the_name_is_unresolved(tmp_path: Path) -> None:
    """A port where nobody listens answers at once."""
    with name_server(NAMES) as server:
        port = server.port
    wire = Wire(RealClock(), Meter(), names=name_files(tmp_path, port))
    with pytest.raises(ProbeFailed) as caught:
        await wire.knock("both.test", 1, Stopwatch(RealClock()), Route())
    assert caught.value.outcome is Outcome.UNRESOLVED


async def test_a_name_that_cannot_be_is_invalid(tmp_path: Path) -> None:
    """Nobody is asked for it."""
    with name_server(NAMES) as server:
        for name in ("a" * 64 + ".test", "a..test"):
            _, failure = await knock(tmp_path, server, name)
            assert failure is not None
            assert failure.outcome is Outcome.INVALID
        assert server.asked == []


async def test_changed_files_are_read_again(tmp_path: Path) -> None:
    """An agent that runs for months notices a new resolv.conf."""
    with name_server({}) as server:
        wire = Wire(RealClock(), Meter(), names=name_files(tmp_path, server.port))
        with peer(serving()) as other:
            with pytest.raises(ProbeFailed):
                await wire.knock("new.test", other.port, Stopwatch(RealClock()), Route())
            (tmp_path / "hosts").write_text("127.0.0.1 new.test\n", "utf-8")
            await wire.knock("new.test", other.port, Stopwatch(RealClock()), Route())
