"""`/probe`: blackbox_exporter's own endpoint, so that whoever scrapes it can scrape us instead.

Only the peer's names appear here; ours are on `/metrics`.
"""

import math
import resource
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from prometheus_client.utils import floatToGoString
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from probe.exposition.doors import Doors
from probe.model.clock import Clock
from probe.wire import Wire
from probe.wire.redaction import redacted_text

if TYPE_CHECKING:  # who has no modules does without what reads them
    from probe.probes.blackbox import Blackbox, Findings, Sample

ACTION: Final = "probe"
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
PATIENCE: Final = "X-Prometheus-Scrape-Timeout-Seconds"
MOST: Final = 1000
"""Probes at once, at most."""
_NO_MODULES: Final = "there are no modules: name a blackbox.yml under `blackbox:` in the configuration\n"
_ESCAPES: Final = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


class Prober:
    """Answers `/probe`.

    Args:
        wire: speaks to the targets.
        clock: what everything is measured on.
        blackbox: the modules as the configuration has them now, if it has any.
        redact: takes secrets out of a text.
        most: probes that may be on at once, if not as many as there are descriptors for.

    Attributes:
        most: probes that may be on at once; more are turned away, so that those who hang keep nobody from `/metrics`.
    """

    def __init__(
        self,
        wire: Wire,
        clock: Clock,
        blackbox: "Callable[[], Blackbox | None]",
        redact: Callable[[str], str],
        most: int | None = None,
    ) -> None:
        self.most = _affordable() if most is None else most
        self._on = 0
        self._wire = wire
        self._clock = clock
        self._blackbox = blackbox
        self._redact = redact

    async def answer(self, request: Request) -> Response:
        """What the probe that *request* asks for has found."""
        blackbox = self._blackbox()
        if blackbox is None:
            return PlainTextResponse(_NO_MODULES, 404)
        asked = dict(reversed(request.query_params.multi_items()))  # the first counts of what is said twice, as there
        name, target, hostname = asked.get("module", ""), asked.get("target", ""), asked.get("hostname", "")
        refusal = blackbox.refusal(name, hostname) or ("" if target else "Target parameter is missing")
        if refusal:
            return PlainTextResponse(f"{refusal}\n", 400)
        written = request.headers.get(PATIENCE, "")
        patience = _patience(written)
        if patience is None:
            told = f"{PATIENCE} is no number of seconds: {written!r}"
            return PlainTextResponse(f"Failed to parse timeout from Prometheus header: {told}\n", 500)
        if self._on >= self.most:
            return PlainTextResponse(f"{self._on} probes are on already: ask later\n", 503)
        found = await self._probe(blackbox, name, target, patience, hostname)
        if asked.get("debug") == "true":
            return PlainTextResponse(self._explained(found, blackbox.effective(name)))
        return Response("".join(exposed(found.samples())), media_type=CONTENT_TYPE)

    async def _probe(self, blackbox: "Blackbox", name: str, target: str, patience: float, hostname: str) -> "Findings":
        seconds = blackbox.timeout(name, patience)
        self._on += 1
        try:
            return await blackbox.probe(name, target, seconds, self._wire, self._clock, hostname=hostname)
        finally:
            self._on -= 1

    def _explained(self, found: "Findings", module: str) -> str:
        """What was *found* by the *module*, for people: its log, its metrics and the module, without secrets."""
        log = "".join(f"{redacted_text(line, self._redact)}\n" for line in found.lines)
        told = self._redact("".join(exposed(found.samples())))
        return (
            f"Logs for the probe:\n{log}\n\n\nMetrics that would have been returned:\n{told}\n\n\n"
            f"Module configuration:\n{self._redact(module)}"
        )


def prober_endpoint(prober: Prober, doors: Doors) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of *prober* behind *doors*: it makes us connect to whatever is asked for."""

    async def endpoint(request: Request) -> Response:
        refusal = doors.refusal(request, ACTION)
        return PlainTextResponse(f"{refusal}\n", 403) if refusal is not None else await prober.answer(request)

    return endpoint


def exposed(samples: "Sequence[Sample]") -> Iterator[str]:
    """*samples*, sorted by name, in the text format 0.0.4."""
    last = ""
    for sample in samples:
        if sample.name != last:
            yield f"# HELP {sample.name} {sample.meaning}\n# TYPE {sample.name} gauge\n"
            last = sample.name
        labels = ",".join(f'{key}="{value.translate(_ESCAPES)}"' for key, value in sample.labels.items())
        value = floatToGoString(sample.value)  # type: ignore[no-untyped-call]  # the library's own, without types
        yield f"{sample.name}{{{labels}}} {value}\n" if labels else f"{sample.name} {value}\n"


def _affordable() -> int:
    """How many probes may be on at once: each needs two descriptors, and half of them are for everything else."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if allowed == resource.RLIM_INFINITY else max(1, min(MOST, allowed // 4))


def _patience(written: str) -> float | None:
    """The seconds that a scraper has patience; 0 if it does not say, None if that is no number of seconds."""
    try:
        seconds = float(written or 0)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
