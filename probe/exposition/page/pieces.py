"""What cards, tables and legends share, and the legends themselves."""

from collections.abc import Iterator, Sequence
from typing import Final

from probe.exposition.page.drawing import parts
from probe.exposition.page.markup import Markup, el, join
from probe.exposition.page.verdict import Row, State
from probe.exposition.page.words import ago, clock_time, iso, percent, wilson
from probe.model.outcome import Blame
from probe.model.phase import LIFECYCLE_PHASES, WIRE_PHASES, Phase

_BLAMES: Final = {
    Blame.NONE: "ok",
    Blame.VENDOR: "failed, the vendor's fault",
    Blame.CUSTOMER: "failed, our request or account",
    Blame.AGENT: "failed, our agent or network",
    Blame.EXCUSED: "announced maintenance",
}
_PHASES: Final = (
    ("Phases of an exchange:", (Phase.AUTH, *WIRE_PHASES, Phase.QUERY)),
    ("Phases of an instance's life:", LIFECYCLE_PHASES),
)
"""Both start the colours anew; no bar has phases of both but for the authentication before a life."""
_STATES: Final = {
    State.OK: "the last run was ok, and 20 ok runs in a row lie behind the last failure",
    State.UNSTEADY: "the last run was ok, but the vendor failed one of those before it",
    State.FAILING: "the vendor failed the last run",
    State.NOT_JUDGED: "the last run failed for a reason that is not the vendor's",
    State.WAITING: "its first slot has not come yet",
}


def chip(state: State) -> Markup:
    """The word of *state* on its colour."""
    return el("span", str(state), class_=f"chip s-{state.name.lower()}", title=_STATES[state])


def moment(then: float, now: float) -> Markup:
    """A time of day, and how long ago that is."""
    return join(el("time", clock_time(then, now), datetime=iso(then)), f" ({ago(then, now)})")


def steadiness(ok: int, valid: int) -> Iterator[Markup]:
    """The share of ok runs, of how many, and how sure one may be of it."""
    if not valid:
        yield el("span", "no valid run", class_="quiet")
        return
    low, high = wilson(ok, valid)
    yield el("b", percent(ok / valid))
    yield el("span", f" {ok} of {valid} ok", class_="of")
    hint = "the true share lies in this range in 95 of 100 cases (Wilson)"
    yield el("small", f"95 % sure: {percent(low)} to {percent(high)}", class_="quiet", title=hint)


def _swatch(kind: str, words: str) -> Markup:
    square = f'<rect class="{kind}" width="10" height="10"/>'
    swatch = Markup(f'<svg class="swatch" width="10" height="10" aria-hidden="true">{square}</svg>')
    return el("li", swatch, words)


def phase_legend(rows: Sequence[Row]) -> Markup:
    """The colours of the phases that show in *rows*."""
    seen = {phase for one in rows if one.streak.last for phase in parts(one.streak.last)}
    lists = [
        el("ul", el("li", el("b", title)), *(_swatch(f"p-{phase}", str(phase)) for phase in known), class_="legend")
        for title, phases in _PHASES
        if (known := [phase for phase in phases if phase in seen])
    ]
    return join(*lists)


def legend() -> Markup:
    """How to read the page."""
    blames = [_swatch(f"b-{blame}", words) for blame, words in _BLAMES.items()]
    states = [el("li", chip(state), " ", words) for state, words in _STATES.items()]
    return el(
        "footer",
        el("h2", "How to read this"),
        el("ul", *states, class_="legend tall", aria_label="States"),
        el("ul", *blames, class_="legend", aria_label="Colours of the runs"),
        el(
            "p",
            "Steadiness is ok runs over valid runs, those that were ok or failed by the vendor's fault, as far as this "
            "agent remembers. All times are UTC. ",
            Markup('The numbers for Prometheus are at <a href="/metrics">/metrics</a>.'),
            class_="quiet",
        ),
    )
