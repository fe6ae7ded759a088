"""Goes through several steps as a customer would: each an HTTP request that may use what earlier answers said.

What stands under `finally` is done in any case: after a failure, at the deadline, when the agent is stopped.
"""

import asyncio
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final, Self
from urllib.parse import quote, urljoin, urlsplit

import httpx
from pydantic import BaseModel

from probe.model.job import Detail
from probe.model.outcome import Outcome, ProbeFailed
from probe.model.phase import WIRE_PHASES, Phase
from probe.model.secret import SecretUnavailable
from probe.model.stopwatch import Stopwatch
from probe.model.target import Target
from probe.notation.templates import Template
from probe.probes.capturing import captures, without
from probe.probes.checking import WIRE_OUTCOMES, latency, shown, too_long, unexpected
from probe.probes.http import HttpPlace, check_body, check_status, file_complaints
from probe.probes.kind import Complaint, Surroundings
from probe.probes.steps import FlowOptions, HeaderOf, Step, Until, revealed, step_complaints
from probe.wire.redaction import is_secret_name, redacted_text

if TYPE_CHECKING:
    from probe.cloud import VendorEntry
    from probe.wire import Wire

_PORTS: Final = {"http": 80, "https": 443}
_log = logging.getLogger(__name__)


class FlowPlace(HttpPlace):
    """A server to go through the steps on; its URL is where paths of steps begin."""


class FlowProbe:
    """Several HTTP exchanges, one after the other, and some in any case."""

    kind: ClassVar[str] = "flow"
    phases: ClassVar[tuple[Phase, ...]] = WIRE_PHASES
    outcomes: ClassVar[frozenset[Outcome]] = WIRE_OUTCOMES | {
        Outcome.UNTRUSTED,
        Outcome.VENDOR_ERROR,
        Outcome.DENIED,
    }
    Options: ClassVar[type[BaseModel]] = FlowOptions
    Place: ClassVar[type[BaseModel] | None] = FlowPlace
    renting: ClassVar[bool] = False
    detail: ClassVar[Detail] = Detail.FULL

    def __init__(self, options: FlowOptions, place: FlowPlace, wire: "Wire") -> None:
        self._options = options
        self._base = place.url
        self._wire = wire
        self._route = options.route

    @classmethod
    def build(cls, options: FlowOptions, place: FlowPlace, surroundings: Surroundings) -> Self:
        """Make the probe of one server."""
        return cls(options, place, surroundings.wire)

    @classmethod
    def complaints(cls, options: FlowOptions, vendor: "VendorEntry | None") -> Sequence[Complaint]:
        """What is wrong with steps that are each right."""
        del vendor  # the targets are the operator's own
        return (*file_complaints(options.ca_bundle), *step_complaints(options))

    @property
    def steps(self) -> tuple[str, ...]:
        """The names of all steps."""
        return tuple(step.name for _, step in self._options.numbered())

    async def run(self, target: Target, watch: Stopwatch) -> None:
        """Go through the steps, and do in any case what is to be done in any case.

        Raises:
            ProbeFailed: a step let us down; the first one decides.
            SecretUnavailable: a secret cannot be read.
        """
        values: dict[str, object] = {name: revealed(value) for name, value in self._options.variables.items()}
        if watch.transcript is not None:
            known = watch.transcript.redact
            watch.transcript.redact = lambda text: known(without(text, self._keys(values)))
        try:
            for step in self._options.steps:
                await self._step(step, values, watch)
        except asyncio.CancelledError:
            late = ProbeFailed(Outcome.TIMEOUT, f"not done after {watch.elapsed():.3g} s", phase=watch.where)
            await self._in_any_case(target, values, watch.aside(), watch)
            if watch.overdue:
                raise late from None
            raise
        except BaseException:  # it is raised again; a bug of ours leaves nothing behind either
            await self._in_any_case(target, values, watch.aside(), watch)
            raise
        if failed := await self._in_any_case(target, values, watch, watch):
            raise failed

    # --- steps -------------------------------------------------------------------------------------------------------

    async def _step(self, step: Step, values: dict[str, object], watch: Stopwatch) -> None:
        with watch.step(step.name) as taken:
            try:
                before = latency(watch)
                if step.until is None:
                    answer = await self._exchange(step, values, watch)
                    taken.seconds = latency(watch) - before
                else:
                    answer = await self._poll(step, step.until, values, watch)
                values.update(captures(step, answer))
            except ProbeFailed as failed:
                words = redacted_text(failed.detail, lambda text: self._without_captured(text, values))
                told = ProbeFailed(failed.outcome, f"step {step.name}: {words}", phase=failed.phase)
                told.answered, told.by_our_clock = failed.answered, failed.by_our_clock
                raise told from failed

    def _without_captured(self, text: str, values: Mapping[str, object]) -> str:
        """*text* without what earlier steps captured: it may be the key to somebody's account."""
        return without(text, (value for name, value in values.items() if name not in self._options.variables))

    def _keys(self, values: Mapping[str, object]) -> Iterator[object]:
        """What was captured from where keys are: people who look at a run want to see the rest."""
        for _, step in self._options.numbered():
            for name, source in step.capture.items():
                if is_secret_name(name) or is_secret_name(source.name if isinstance(source, HeaderOf) else source.text):
                    yield values.get(name)

    async def _exchange(self, step: Step, values: Mapping[str, object], watch: Stopwatch) -> httpx.Response:
        answer = await self._wire.send(self._request(step, values), watch, self._route)
        check_status(answer, step.status)
        check_body(answer, step.body_regex, step.assertion)
        return answer

    async def _poll(self, step: Step, until: Until, values: Mapping[str, object], watch: Stopwatch) -> httpx.Response:
        ends = watch.clock.now() + until.at_most
        while True:
            asked, before = watch.clock.now(), latency(watch)
            answer = await self._exchange(step, values, watch)
            try:
                check_body(answer, None, until.assertion)
            except ProbeFailed as not_yet:
                if (
                    asked + latency(watch) - before + until.every > ends
                ):  # when it was answered, however late we read it
                    raise too_long(f"not within {until.at_most:g} s: {not_yet.detail}", watch) from not_yet
            else:
                return answer
            await watch.clock.sleep(until.every)

    def _request(self, step: Step, values: Mapping[str, object]) -> httpx.Request:
        headers = {name: _header(name, _rendered(value, values)) for name, value in step.headers.items()}
        try:
            content = None if step.body is None else _text(_rendered(step.body, values)).encode()
            if step.json_body is not None:
                content = json.dumps(revealed(_rendered(step.json_body, values))).encode()
                headers.setdefault("Content-Type", "application/json")
            url = self._address(step, values)
            return self._wire.client(self._route).build_request(step.method, url, headers=headers, content=content)
        except (ValueError, RecursionError, httpx.InvalidURL) as error:
            if not step.names:
                raise  # nobody but us wrote this
            why = f"{type(error).__name__}: {error}" if isinstance(error, httpx.InvalidURL) else type(error).__name__
            raise unexpected(f"of what was captured no request can be made ({why})") from error

    def _address(self, step: Step, values: Mapping[str, object]) -> str:
        """Where *step* goes: never to another host than it names, or the target's.

        Raises:
            ProbeFailed: what was captured would lead it there.
        """
        template = Template.parse(step.url)
        whole = step.url.startswith("${")
        used = {name: value for name, value in values.items() if name in step.names}
        safe = used if whole else {name: quote(_text(value), safe="") for name, value in used.items()}
        url = urljoin(self._base, str(template.render(safe)))
        named = self._base if whole else urljoin(self._base, step.url.partition("${")[0])
        if _origin(url) != _origin(named):
            scheme, host, port = _origin(url)
            other = f"{scheme}://{shown(host)}:{port}"
            raise unexpected(f"what was captured leads to {other}, to another host than the step names")
        return url

    # --- in any case -------------------------------------------------------------------------------------------------

    async def _in_any_case(
        self, target: Target, values: dict[str, object], watch: Stopwatch, run: Stopwatch
    ) -> ProbeFailed | None:
        """Do what is to be done in any case, whoever cancels meanwhile; the first failure of it.

        The runner keeps the deadline of the run. This outlives the run's deadline, and its own end, therefore, is kept
        here; the runner's is moved behind it.
        """
        if not self._options.finally_:
            return None
        run.next_budget(self._options.finally_deadline + 1.0)
        doing = asyncio.create_task(self._finally(values, watch), name=f"finally of {target}")
        cancelled = False
        while not doing.done():
            try:
                await asyncio.shield(doing)
            except asyncio.CancelledError:
                cancelled = True
        failed = doing.result()
        if watch is not run:
            run.failed_steps.update(watch.failed_steps)
        if failed is not None:
            _log.warning("%s: %s", target, failed.detail, extra={"run": run.run_id})
        if cancelled:
            raise asyncio.CancelledError
        return failed

    async def _finally(self, values: dict[str, object], watch: Stopwatch) -> ProbeFailed | None:
        first: ProbeFailed | None = None
        try:
            async with asyncio.timeout(self._options.finally_deadline):
                for step in self._options.finally_:
                    if step.names <= values.keys():
                        first = await self._attempt(step, values, watch) or first
        except TimeoutError:
            words = f"finally was not done after {self._options.finally_deadline:g} s"
            return first or ProbeFailed(Outcome.TIMEOUT, words, phase=watch.where)
        return first

    async def _attempt(self, step: Step, values: dict[str, object], watch: Stopwatch) -> ProbeFailed | None:
        try:
            await self._step(step, values, watch)
        except ProbeFailed as failed:
            return failed
        except SecretUnavailable as lacking:
            return ProbeFailed(Outcome.DENIED, f"step {step.name}: {lacking}")
        return None


def _rendered(value: object, values: Mapping[str, object]) -> object:
    return Template.parse(value).render(values)


def _text(value: object) -> str:
    plain = revealed(value)
    return plain if isinstance(plain, str) else json.dumps(plain)


def _header(name: str, value: object) -> str:
    text = _text(value)
    if not text.isprintable() or not text.isascii():
        raise unexpected(f"what was captured cannot be sent in the header {name}")
    return text


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme, 0)
