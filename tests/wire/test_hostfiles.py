"""The machine's own words about names."""

from hypothesis import given
from hypothesis import strategies as st

from probe.wire.hostfiles import ResolverSettings, parse_hosts, parse_resolv_conf
from probe.wire.nameserver import parse_server
from probe.wire.questions import question, reply


def test_resolv_conf_is_read_like_glibc_does() -> None:
    """Three servers at most, the last search line, options within bounds; comments and nonsense passed over."""
    settings = parse_resolv_conf(
        """
        # nameserver 192.0.2.9
        nameserver 192.0.2.1
        nameserver 2001:db8::1 ; the second
        nameserver nonsense
        nameserver fe80::1%eth0
        nameserver 192.0.2.4
        domain ignored.test
        search a.test b.test.
        options ndots:5 timeout:99 attempts:0 use-vc rotate nonsense:1
        """
    )
    assert settings == ResolverSettings(
        servers=(("192.0.2.1", 53), ("2001:db8::1", 53), ("fe80::1%eth0", 53)),
        search=("a.test", "b.test"),
        ndots=5,
        timeout=30.0,
        attempts=1,
        tcp=True,
    )


def test_without_a_word_the_machine_itself_is_asked() -> None:
    """As resolv.conf(5) says."""
    assert parse_resolv_conf("").servers == (("127.0.0.1", 53),)


def test_hosts_may_have_many_names_and_names_many_lines() -> None:
    """In the order of the lines, whatever the case."""
    known = parse_hosts("127.0.0.1 a.test A2.test # x\n::1 a.TEST\nnonsense b.test\n\n")
    assert known == {"a.test": ("127.0.0.1", "::1"), "a2.test": ("127.0.0.1",)}


@given(st.text(max_size=300))
def test_no_text_breaks_the_reading(text: str) -> None:
    """Files are written by people and by programs."""
    assert parse_resolv_conf(text).servers
    parse_hosts(text)


def test_servers_are_written_in_four_ways() -> None:
    """With a port or without, by either family's address or by name."""
    assert parse_server("192.0.2.1") == ("192.0.2.1", 53)
    assert parse_server("192.0.2.1:5353") == ("192.0.2.1", 5353)
    assert parse_server("2001:db8::1") == ("2001:db8::1", 53)
    assert parse_server("[2001:db8::1]") == ("2001:db8::1", 53)
    assert parse_server("[2001:db8::1]:5353") == ("2001:db8::1", 5353)
    assert parse_server("dns.test") == ("dns.test", 53)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reading_of_an_answer(data: bytes) -> None:
    """They answer, or they do not, or they are refused in one of two words."""
    import dns.exception  # noqa: PLC0415 - only here

    from probe.model.outcome import ProbeFailed  # noqa: PLC0415 - only here

    query = question("a.test", "A")
    try:
        assert reply(query, query.id.to_bytes(2, "big") + data) is None or data
    except (dns.exception.DNSException, ProbeFailed):
        return
