"""The prober dns: one question to one name server, and what must be true of the records in its answer."""

from typing import Final

from probe.model.outcome import ProbeFailed
from probe.model.phase import Phase
from probe.model.stopwatch import Stopwatch
from probe.probes.blackbox.findings import Findings
from probe.probes.blackbox.modules import DnsModule, Validator
from probe.probes.blackbox.reaching import choose_address
from probe.probes.blackbox.tcp import split
from probe.wire import Question, Reply, Route, Wire

PHASES: Final = ("resolve", "connect", "request")
_PORT: Final = 53
_TLS_PORT: Final = 853


class DnsProbing:
    """One probe by the prober dns; `run` may be cut at any time, and `tell` tells how far it came."""

    def __init__(self, module: DnsModule, wire: Wire, findings: Findings) -> None:
        self._module = module
        self._wire = wire
        self._findings = findings
        self._route = Route(trust=module.tls_config.trust)
        self._watch = Stopwatch(findings.clock)

    async def run(self, target: str) -> bool:
        """Probe *target*, a name server with or without a port; whether its answer is as it must be.

        Raises:
            ProbeFailed: there is no answer.
        """
        module, findings = self._module, self._findings
        for name in ("answer_rrs", "authority_rrs", "additional_rrs", "query_succeeded"):
            findings.set(f"probe_dns_{name}", 0.0)
        host, port = split(target, _TLS_PORT if module.dns_over_tls else _PORT)
        address = await choose_address(host, module, findings, self._wire, self._route, self._watch)
        findings.log("Making DNS query", target=address, query=module.query_name, type=module.query_type)
        question = Question(
            name=module.query_name,
            record_type=module.query_type,
            record_class=module.query_class,
            recursive=module.recursion_desired,
            tcp=module.transport_protocol == "tcp",
            server_name=(module.tls_config.server_name or host) if module.dns_over_tls else None,
        )
        try:
            reply = await self._wire.question(question, address, port, self._watch, self._route)
        except ProbeFailed as failure:
            findings.log("Error while sending a DNS query", "error", err=failure.detail)
            raise
        self._tell_reply(reply)
        return self._holds(reply)

    def tell(self, *, zeros: bool) -> None:
        """Tell how long the phases took; *zeros*: also of those that were not reached."""
        if zeros:
            self._findings.start("probe_dns_duration_seconds", *PHASES)
        measured = self._watch.phases
        if Phase.RESOLVE in measured:
            self._findings.add("probe_dns_duration_seconds", measured[Phase.RESOLVE], phase="resolve")
        if Phase.CONNECT in measured:
            connect = measured[Phase.CONNECT] + measured.get(Phase.TLS, 0.0)
            self._findings.add("probe_dns_duration_seconds", connect, phase="connect")
        if Phase.WAIT in measured:
            request = measured.get(Phase.SEND, 0.0) + measured[Phase.WAIT]
            self._findings.add("probe_dns_duration_seconds", request, phase="request")

    def _tell_reply(self, reply: Reply) -> None:
        findings = self._findings
        findings.log("Got response", rcode=reply.rcode)
        findings.set("probe_dns_query_succeeded", 1.0)
        findings.set("probe_dns_answer_rrs", float(len(reply.answer)))
        findings.set("probe_dns_authority_rrs", float(len(reply.authority)))
        findings.set("probe_dns_additional_rrs", float(len(reply.additional)))
        if self._module.query_type == "SOA":
            findings.set("probe_dns_serial", float(reply.serials[-1]) if reply.serials else 0.0)

    def _holds(self, reply: Reply) -> bool:
        if reply.rcode not in self._module.valid_rcodes:
            valid = ", ".join(self._module.valid_rcodes)
            self._findings.log("Rcode is not one of the valid rcodes", "error", rcode=reply.rcode, valid_rcodes=valid)
            return False
        sections = (
            ("Answer", reply.answer, self._module.validate_answer_rrs),
            ("Authority", reply.authority, self._module.validate_authority_rrs),
            ("Additional", reply.additional, self._module.validate_additional_rrs),
        )
        for name, records, validator in sections:
            wrong = trouble([record.encode() for record in records], validator)
            if wrong:
                self._findings.log(f"{name} RRs validation failed", "error", err=wrong)
                return False
        return True


def trouble(records: list[bytes], validator: Validator) -> str:
    """What is wrong with *records*; nothing if nothing is. As the peer has it, "all" and "none" are across patterns."""
    if not records and (validator.fail_if_not_matches_regexp or validator.fail_if_none_matches_regexp):
        return "a match is required, and there are no records"
    if any(pattern.found(record) for record in records for pattern in validator.fail_if_matches_regexp):
        return "at least one record matched"
    if any(not pattern.found(record) for record in records for pattern in validator.fail_if_not_matches_regexp):
        return "at least one record did not match"
    return _all_or_none(records, validator)


def _all_or_none(records: list[bytes], validator: Validator) -> str:
    every, some = validator.fail_if_all_match_regexp, validator.fail_if_none_matches_regexp
    # The peer does the opposite of what the option's name says: it fails unless all match (its validRRs).
    if every and not all(pattern.found(record) for record in records for pattern in every):
        return "not all records matched"
    if some and not any(pattern.found(record) for record in records for pattern in some):
        return "none of the records matched"
    return ""
