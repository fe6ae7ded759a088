"""The prober http, where the peer cannot be asked or does otherwise."""

import gzip
import socket
import ssl
import time
from pathlib import Path

import pytest
import trustme

from tests.probes.blackbox.probing import http, probed
from tests.wire.conftest import server_side
from tests.wire.name_server import name_files, name_server
from tests.wire.peers import OK, Script, answering, peer, read_request, serving
from tests.wire.test_pooled import passing_on

SECRETS = {"Authorization": "Bearer s3cr3t", "X-Api-Key": "k3y", "Cookie": "a=b", "X-Other": "plain"}


def noting(seen: list[str], answer: bytes = OK) -> Script:
    """Keep every request in *seen*, and give *answer*."""

    def script(sock: socket.socket) -> None:
        seen.append(read_request(sock).decode("latin-1"))
        sock.sendall(answer)

    return script


def redirecting(where: str, status: str = "302 Found") -> bytes:
    """An answer that leads to *where*."""
    return f"HTTP/1.1 {status}\r\nLocation: {where}\r\nContent-Length: 0\r\n\r\n".encode()


async def test_credentials_stay_with_the_host_they_were_meant_for() -> None:
    """Over a redirect to another port, headers that carry any are dropped; the others go along."""
    seen: list[str] = []
    with peer(noting(seen)) as other, peer(answering(redirecting(f"http://127.0.0.1:{other.port}/x"))) as first:
        found = await probed(f"127.0.0.1:{first.port}", http(headers=SECRETS))
    assert found.good
    assert "plain" in seen[0]
    assert not any(secret in seen[0] for secret in ("s3cr3t", "k3y", "a=b"))


async def test_a_module_s_own_authorization_stays_too() -> None:
    """Of all kinds: the peer sends it wherever it is sent."""
    for module in (http(basic_auth={"username": "u", "password": "p"}), http(bearer_token="t"), http(authorization={})):
        seen: list[str] = []
        with peer(noting(seen)) as other, peer(answering(redirecting(f"http://127.0.0.1:{other.port}/"))) as first:
            assert (await probed(f"127.0.0.1:{first.port}", module)).good
        assert "authorization" not in seen[0].lower()


async def test_secret_headers_of_any_name_stay_too(tmp_path: Path) -> None:
    """What is written as a secret is one, and so is what is called a token."""
    (tmp_path / "key").write_text("fr0mfile\n")
    module = http(
        http_headers={
            "X-Mine": {"secrets": ["hidden1"]},
            "X-File": {"files": ["key"]},
            "X-Open": {"values": ["plain"]},
        },
        headers={"X-Vault-Token": "hvs.key"},
    )
    seen: list[str] = []
    with peer(noting(seen)) as other, peer(answering(redirecting(f"http://127.0.0.1:{other.port}/"))) as first:
        assert (await probed(f"127.0.0.1:{first.port}", module, folder=tmp_path)).good
    assert "plain" in seen[0]
    assert not any(secret in seen[0] for secret in ("hidden1", "fr0mfile", "hvs.key"))


async def test_credentials_go_along_on_the_same_host() -> None:
    """To another path, by a relative and by an absolute redirect."""
    seen: list[str] = []

    def script(sock: socket.socket) -> None:
        request = read_request(sock).decode("latin-1")
        seen.append(request)
        path = request.partition("\r\n")[0].split(" ")[1]
        port = sock.getsockname()[1]
        where = {"/": f"http://127.0.0.1:{port}/b", "/b": "/c"}.get(path)
        sock.sendall(OK if where is None else redirecting(where))

    with peer(script) as first:
        assert (await probed(f"127.0.0.1:{first.port}/", http(bearer_token="t0k3n"))).good
    assert len(seen) == 3
    assert all("Authorization: Bearer t0k3n" in request for request in seen)


async def test_phases_are_summed_over_redirects() -> None:
    """All of them but the transfer, which is the last answer's."""
    slow = answering(OK, delay=0.1)
    with peer(slow) as other, peer(answering(redirecting(f"http://127.0.0.1:{other.port}/"), delay=0.1)) as first:
        found = await probed(f"127.0.0.1:{first.port}", http())
    assert found.metrics["probe_http_redirects"] == 1
    assert 0.2 <= found.metrics["probe_http_duration_seconds/processing"] < 0.4
    assert found.metrics["probe_http_duration_seconds/transfer"] < 0.1
    assert "probe_http_duration_seconds/tls" not in found.metrics
    assert "probe_http_duration_seconds/resolve" not in found.metrics


async def test_zeros_for_those_who_need_them() -> None:
    """Of every phase, as the peer has it; of a name without an address only of the first."""
    with peer(answering(OK)) as other:
        found = await probed(f"127.0.0.1:{other.port}", http(), zeros=True)
    assert found.metrics["probe_http_duration_seconds/tls"] == 0
    assert found.metrics["probe_http_duration_seconds/resolve"] == 0
    lost = await probed("http://bad..name/", http(), zeros=True)
    assert [name for name in lost.metrics if "duration_seconds/" in name] == ["probe_http_duration_seconds/resolve"]


async def test_a_name_is_asked_for_in_the_preferred_family_first(tmp_path: Path) -> None:
    """Then, if that is allowed, in the other; the time of both counts as the lookup's."""
    with name_server({("v4.example.", "A"): ["127.0.0.1"]}) as names, peer(answering(OK)) as other:
        names.delay = 0.02
        files = name_files(tmp_path, names.port)
        found = await probed(f"http://v4.example:{other.port}/", http(), names=files)
        refused = await probed(f"http://v4.example:{other.port}/", http(ip_protocol_fallback=False), names=files)
    assert found.good
    assert found.metrics["probe_ip_protocol"] == 4
    assert found.metrics["probe_dns_lookup_time_seconds"] >= 0.04
    assert found.metrics["probe_http_duration_seconds/resolve"] == found.metrics["probe_dns_lookup_time_seconds"]
    assert not refused.good
    assert refused.metrics["probe_ip_protocol"] == 0


async def test_headers_of_three_kinds(tmp_path: Path) -> None:
    """Values, secrets and files; a file is read at each probe."""
    (tmp_path / "key").write_text("from-a-file\n")
    seen: list[str] = []
    given = {"X-One": {"values": ["a"], "secrets": ["b"]}, "X-Two": {"files": ["key"]}}
    with peer(noting(seen)) as other:
        await probed(f"127.0.0.1:{other.port}", http(http_headers=given), folder=tmp_path)
    assert "X-One: a, b\r\n" in seen[0]
    assert "X-Two: from-a-file\r\n" in seen[0]


async def test_a_secret_s_file_that_is_gone_fails_the_probe(tmp_path: Path) -> None:
    """With a line in its log; nothing was sent."""
    (tmp_path / "token").write_text("t")
    module = http(bearer_token_file="token")
    with peer(answering(OK)) as other:
        assert (await probed(f"127.0.0.1:{other.port}", module, folder=tmp_path)).good
        kept = http(authorization={"credentials_file": "token"})
        assert (await probed(f"127.0.0.1:{other.port}", kept, folder=tmp_path)).good


async def test_a_body_that_is_looked_at_is_bounded() -> None:
    """At 16 MiB, packed or not: a target must not be able to fill our memory."""
    bomb = gzip.compress(bytes(64 << 20))
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()
    with peer(answering(head, bomb)) as other:
        found = await probed(f"127.0.0.1:{other.port}", http(compression="gzip"))
    assert not found.good
    assert "longer than it may be" in found.log


async def test_a_body_that_nobody_looks_at_is_counted_only() -> None:
    """However long it is."""
    size = 20 << 20

    def script(sock: socket.socket) -> None:
        read_request(sock)
        sock.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode())
        for _ in range(20):
            sock.sendall(bytes(1 << 20))

    with peer(script) as other:
        found = await probed(f"127.0.0.1:{other.port}", http())
    assert found.good
    assert found.metrics["probe_http_uncompressed_body_length"] == size


async def test_no_pattern_takes_longer_than_its_text() -> None:
    """What ruins a backtracking matcher is nothing to RE2."""
    body = b"a" * 50_000
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    started = time.monotonic()
    with peer(answering(head + body)) as other:
        found = await probed(f"127.0.0.1:{other.port}", http(fail_if_body_not_matches_regexp=["^(a|aa)+b$", "(a*)*b"]))
    assert not found.good
    assert found.metrics["probe_failed_due_to_regex"] == 1
    assert time.monotonic() - started < 1.5


async def test_bytes_that_are_no_text_are_matched_as_go_matches_them() -> None:
    """Each counts as U+FFFD."""
    with peer(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na\xffb")) as other:
        assert (await probed(f"127.0.0.1:{other.port}", http(fail_if_body_not_matches_regexp=["^a.b$"]))).good


async def test_a_client_certificate_is_shown(tmp_path: Path) -> None:
    """To a server that asks for one."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    own = authority.issue_cert("client.example")
    own.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    own.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    tls = server_side(authority.issue_cert("127.0.0.1"))
    authority.configure_trust(tls)
    tls.verify_mode = ssl.CERT_REQUIRED
    trust = {"ca_file": "ca.pem"}
    shown = {**trust, "cert_file": "cert.pem", "key_file": "key.pem"}
    with peer(answering(OK), tls=tls) as other:
        url = f"https://127.0.0.1:{other.port}/"
        assert (await probed(url, http(tls_config=shown), folder=tmp_path)).good
        assert not (await probed(url, http(tls_config=trust), folder=tmp_path)).good


async def test_a_proxy_is_gone_through(tmp_path: Path) -> None:
    """In TLS to the target's own name; it is told names."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    tls = server_side(authority.issue_cert("localhost"))
    with peer(answering(OK), tls=tls) as other, peer(passing_on(other.port)) as proxy:
        module = http(proxy_url=f"http://127.0.0.1:{proxy.port}", tls_config={"ca_file": "ca.pem"}, enable_http2=False)
        found = await probed(f"https://localhost:{other.port}/", module, folder=tmp_path)
        skipped = await probed(
            f"https://localhost:{other.port}/",
            {"prober": "http", "http": {**module["http"], "skip_resolve_phase_with_proxy": True}},  # type: ignore[dict-item]  # a mapping
            folder=tmp_path,
        )
    assert found.good
    assert found.metrics["probe_http_ssl"] == 1
    assert found.metrics["probe_ip_protocol"] == 4
    assert skipped.good
    assert "probe_ip_protocol" not in skipped.metrics


async def test_after_ten_redirects_none_is_followed() -> None:
    """The eleventh is told, and is the answer."""
    with peer(serving(redirecting("/again"))) as other:
        found = await probed(f"127.0.0.1:{other.port}", http(valid_status_codes=[302]))
    assert found.good
    assert found.metrics["probe_http_redirects"] == 11


@pytest.mark.parametrize("target", ["", "http://", "http://127.0.0.1:99999/", "http://127.0.0.1:0/", "http://\x00/"])
async def test_a_target_that_is_no_url_fails_the_probe(target: str) -> None:
    """And nothing else."""
    assert not (await probed(target, http())).good


async def test_the_log_tells_no_password_of_a_target() -> None:
    """Not in the words of every line, nor where requests are told."""
    with peer(answering(OK)) as other:
        found = await probed(f"http://user:hunter2@127.0.0.1:{other.port}/", http())
    assert found.good
    assert "hunter2" not in found.log
