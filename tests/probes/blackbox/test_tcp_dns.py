"""The probers tcp and dns, where the peer cannot be asked or does otherwise."""

import socket
import ssl
import struct
import time
from pathlib import Path

import dns.flags
import dns.message
import dns.rdataclass
import pytest
import trustme

from probe.probes.blackbox import Module
from tests.probes.blackbox.probing import dns as dns_module
from tests.probes.blackbox.probing import probed, tcp
from tests.wire.conftest import server_side
from tests.wire.name_server import name_server
from tests.wire.peers import Script, peer


def saying(*lines: bytes) -> Script:
    """Say *lines*, then wait."""

    def script(sock: socket.socket) -> None:
        for line in lines:
            sock.sendall(line)
        sock.recv(1)

    return script


async def test_labels_tell_what_was_matched() -> None:
    """By number and by name; `$$` is a dollar, and what is no group is nothing."""
    step = {
        "expect": r"^SSH-(?P<version>[0-9.]+)-(\w+)",
        "labels": [
            {"name": "version", "value": "v${version}"},
            {"name": "software", "value": "$2"},
            {"name": "rest", "value": "$$-${9}${nothing}"},
        ],
    }
    with peer(saying(b"welcome\r\n", b"SSH-2.0-OpenSSH_9.2\r\n")) as other:
        found = await probed(f"127.0.0.1:{other.port}", tcp(query_response=[step]))
    assert found.good
    assert found.labels["probe_expect_info"] == {"version": "v2.0", "software": "OpenSSH_9", "rest": "$-"}


async def test_a_line_without_an_end_is_bounded() -> None:
    """At 64 KiB, as for the peer."""
    with peer(saying(b"x" * 200_000)) as other:
        found = await probed(f"127.0.0.1:{other.port}", tcp(query_response=[{"expect": "y"}]))
    assert not found.good
    assert "too long" in found.log


async def test_a_last_line_without_an_end_is_a_line() -> None:
    """When the peer hangs up after it."""

    def script(sock: socket.socket) -> None:
        sock.sendall(b"ready")

    with peer(script) as other:
        assert (await probed(f"127.0.0.1:{other.port}", tcp(query_response=[{"expect": "^ready$"}]))).good


@pytest.mark.parametrize(
    ("said", "good", "metric"),
    [
        ((b"S",), True, 0),
        ((b"OK ", b"go on"), True, 0),
        ((b"N",), False, 1),
        ((b"NO go",), False, 1),
        ((b"OK",), False, 0),
    ],
)
async def test_bytes_that_must_come_need_no_line(said: tuple[bytes, ...], metric: int, *, good: bool) -> None:
    """They are waited for until all are there; too few of them are no others, as for the peer."""

    def script(sock: socket.socket) -> None:
        for piece in said:
            sock.sendall(piece)
            time.sleep(0.02)

    wanted = "S" if len(said[0]) == 1 else "OK go"
    with peer(script) as other:
        found = await probed(f"127.0.0.1:{other.port}", tcp(query_response=[{"expect_bytes": wanted}]))
    assert found.good is good
    assert found.metrics["probe_failed_due_to_bytes"] == metric
    assert found.metrics["probe_failed_due_to_regex"] == 0


async def test_what_comes_after_the_bytes_is_read_by_the_next_step() -> None:
    """Not one byte more is taken."""
    steps = [{"expect_bytes": "S"}, {"expect": "^ready$"}]
    with peer(saying(b"Sready\r\n")) as other:
        assert (await probed(f"127.0.0.1:{other.port}", tcp(query_response=steps))).good


def test_bytes_and_a_pattern_are_not_both_expected() -> None:
    """As the peer's documentation has it."""
    with pytest.raises(ValueError, match="write only one"):
        Module.model_validate(tcp(query_response=[{"expect": "a", "expect_bytes": "a"}]))


@pytest.mark.parametrize(("target", "good"), [("[::1%lo]", True), ("[::1%1]", True), ("[::1%nowhere]", False)])
async def test_an_address_may_have_a_zone(target: str, *, good: bool) -> None:
    """By name or by number; one that this machine has not is told as such, and nobody is asked for it."""
    with peer(saying(b"hello\r\n"), host="::1") as other:
        found = await probed(f"{target}:{other.port}", tcp())
    assert found.good is good
    assert good or "no network interface nowhere here" in found.log


async def test_the_host_name_of_a_request_is_asked_for_by_tls(tmp_path: Path) -> None:
    """Unless the module names another."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with peer(saying(), tls=server_side(authority.issue_cert("shop.example"))) as other:
        module = tcp(tls=True, tls_config={"ca_file": "ca.pem"})
        where = f"127.0.0.1:{other.port}"
        assert (await probed(where, module, folder=tmp_path, hostname="shop.example")).good
        assert not (await probed(where, module, folder=tmp_path)).good


@pytest.mark.parametrize("target", ["127.0.0.1", "127.0.0.1:", ":80", "::1", "a:99999", "http://127.0.0.1:80"])
async def test_a_target_that_is_no_host_and_port_fails_the_probe(target: str) -> None:
    """And nothing else."""
    assert not (await probed(target, tcp())).good


def over_tls(tls: ssl.SSLContext) -> Script:
    """A name server over TLS that knows nothing."""

    def script(sock: socket.socket) -> None:
        with tls.wrap_socket(sock, server_side=True) as safe:
            (length,) = struct.unpack("!H", safe.recv(2))
            answer = dns.message.make_response(dns.message.from_wire(safe.recv(length))).to_wire()
            safe.sendall(struct.pack("!H", len(answer)) + answer)
            safe.recv(1)

    return script


async def test_a_name_server_is_asked_over_tls(tmp_path: Path) -> None:
    """By the name that its certificate must be for; the handshake is part of connecting."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    tls = server_side(authority.issue_cert("dns.example"))
    options = {"query_name": "a.example", "transport_protocol": "tcp", "dns_over_tls": True}
    named = {"ca_file": "ca.pem", "server_name": "dns.example"}
    with peer(over_tls(tls)) as other:
        where = f"127.0.0.1:{other.port}"
        found = await probed(where, dns_module(**options, tls_config=named), folder=tmp_path)
        refused = await probed(where, dns_module(**options, tls_config={"ca_file": "ca.pem"}), folder=tmp_path)
    assert found.good
    assert found.metrics["probe_dns_duration_seconds/connect"] > 0
    assert not refused.good


async def test_questions_are_asked_as_the_module_says() -> None:
    """Class, type, recursion; without EDNS, as the peer asks them."""
    heard: list[dns.message.Message] = []

    def keep(wire: bytes) -> bytes:
        heard.append(dns.message.from_wire(wire))
        return wire

    with name_server({("a.example.", "TXT"): ['"x"']}) as server:
        server.spoil = keep
        module = dns_module(query_name="a.example", query_type="TXT", query_class="CH", recursion_desired=False)
        found = await probed(f"127.0.0.1:{server.port}", module)
    assert found.metrics["probe_dns_query_succeeded"] == 1
    assert heard[0].question[0].rdclass == dns.rdataclass.CH
    assert not heard[0].flags & dns.flags.RD
    assert heard[0].edns == -1


async def test_a_phase_of_a_question_that_was_not_reached_is_absent() -> None:
    """Nobody is connected to over UDP, and nobody was asked for the address of an address."""
    with name_server({("a.example.", "A"): ["192.0.2.1"]}) as server:
        module = dns_module(query_name="a.example", query_type="A")
        found = await probed(f"127.0.0.1:{server.port}", module)
        zeros = await probed(f"127.0.0.1:{server.port}", module, zeros=True)
    phases = [name for name in found.metrics if name.startswith("probe_dns_duration_seconds")]
    assert phases == ["probe_dns_duration_seconds/request"]
    assert zeros.metrics["probe_dns_duration_seconds/connect"] == 0
