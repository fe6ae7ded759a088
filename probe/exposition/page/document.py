"""The page itself: what this is, which vendor is worst and since when, then every probe in a row."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from math import ceil
from typing import Final

from probe.exposition.page.cards import card
from probe.exposition.page.compare import shared, side_by_side
from probe.exposition.page.markup import Markup, el, join, text
from probe.exposition.page.pieces import legend, moment
from probe.exposition.page.renting import section, sentences
from probe.exposition.page.rows import table
from probe.exposition.page.summary import summary
from probe.exposition.page.verdict import Group, Row, Rows, State, groups
from probe.exposition.page.words import exact_time, iso, plural, short
from probe.exposition.renting import Renting
from probe.model.clock import Clock
from probe.model.measurement import Measurement
from probe.model.runs import Runs
from probe.model.target import Layer

REFRESH: Final = 5
"""Seconds between two looks of the page at the agent."""

MANY: Final = 6
"""Vendors and regions of which each has a card."""
_NOTHING: Final = "No probe is configured: nothing is measured but what somebody asks /probe for."
_TROUBLE: Final = {State.FAILING, State.UNSTEADY, State.NOT_JUDGED}

_FOLDER: Final = files("probe.exposition.page")
_STYLE: Final = (_FOLDER / "page.css").read_text("utf-8")
_SCRIPT: Final = (_FOLDER / "page.js").read_text("utf-8")
_ICON: Final = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' "
    "rx='4' fill='%231f6f54'/%3E%3Cpath d='M2 9h3l2-5 3 8 2-3h2' fill='none' stroke='%23fff' stroke-width='1.6'/%3E"
    "%3C/svg%3E"
)
_LAYERS: Final = (
    (Layer.PLATFORM, "Vendors", "Vendor and probe", "What a customer meets at each vendor's API, worst vendor first."),
    (Layer.SERVICE, "Own targets", "Target and probe", "Endpoints of your own, which count for no vendor."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Who is speaking.

    Attributes:
        agent: the agent's configured name.
        vantage: where it measures from; may be empty.
        version: of the program.
        started: when the agent started, seconds since 1970.
    """

    agent: str
    vantage: str
    version: str
    started: float


class Page:
    """Renders the state of everything, in pieces that give the loop to others in between."""

    def __init__(self, runs: Runs, clock: Clock, about: About, renting: Renting | None = None) -> None:
        self._rows = Rows(runs)
        self._renting = renting or Renting(clock)
        self._clock = clock
        self._about = about

    async def whole(self, nonce: str) -> AsyncIterator[bytes]:
        """The document; *nonce* lets its own style and script through the content security policy."""
        opening = (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" '
            f'content="light dark"><title>{text(self._about.agent)} · Probe</title><link rel="icon" href="{_ICON}">'
            f'<noscript><meta http-equiv="refresh" content="{3 * REFRESH}"></noscript>'
            f'<style nonce="{nonce}">{_STYLE}</style></head><body data-refresh="{REFRESH}">'
        )
        yield opening.encode()
        async for piece in self.fragment():
            yield piece
        yield f'<script nonce="{nonce}">{_SCRIPT}</script></body></html>'.encode()

    async def fragment(self) -> AsyncIterator[bytes]:
        """What changes: everything inside the body but the script."""
        found = []
        for row in self._rows.judged():
            found.append(row)
            await asyncio.sleep(0)
        for piece in self._pieces(found, self._clock.wall()):
            yield piece.encode("utf-8", "replace")
            await asyncio.sleep(0)

    def _pieces(self, rows: Sequence[Row], now: float) -> Iterator[str]:
        found = {layer: groups(rows, layer) for layer, *_ in _LAYERS}
        platform = found[Layer.PLATFORM] or found[Layer.SERVICE]
        accounts, away = self._renting.accounts(), self._renting.ledger is False
        told = [*summary(platform, now), *sentences(accounts, away=away)] or [_NOTHING]
        yield '<div id="live">'
        yield self._header(platform, rows, told, now)
        yield "<main>"
        yield '<section class="cards" aria-label="Overview, worst first">'
        for group in _on_cards(platform):
            yield card(group, now)
        yield "</section>"
        yield from side_by_side(found[Layer.PLATFORM], now)
        yield from section(accounts, now, away=away)
        for layer, title, first, lead in _LAYERS:
            if found[layer]:
                yield from table(found[layer], (title, first, lead), now)
        yield legend()
        yield "</main></div>"

    def _header(self, found: Sequence[Group], rows: Sequence[Row], told: Sequence[str], now: float) -> Markup:
        about = self._about
        return el(
            "header",
            el("h1", el("span", "Probe", class_="brand"), " ", el("small", "agent ", about.agent, class_="quiet")),
            el(
                "p",
                "Measures how stable cloud vendors are, as their customers see it: it rents instances, calls the "
                "vendors' APIs and other endpoints on a schedule, and says for every failure whose fault it was.",
                class_="lead",
            ),
            el("p", *self._facts(rows, now), class_="facts"),
            el("div", *(el("p", sentence) for sentence in told), class_=f"summary {_tone(found)}"),
        )

    def _facts(self, rows: Sequence[Row], now: float) -> Iterator[Markup]:
        about, streaks = self._about, [row.streak for row in rows]
        if about.vantage:
            yield join("seen from ", el("b", about.vantage), " · ")
        yield join("version ", about.version, " · started ", moment(about.started, now), " · ")
        waits = [_next(one.last, one.job.every, now) for one in streaks if one.last is not None]
        coming = f", next run in about {short(max(1.0, min(waits)))}" if waits else ""
        yield join(
            plural(len(streaks), "probe"),
            coming,
            " · as of ",
            el("time", exact_time(now), datetime=iso(now)),
        )
        yield el("span", "", id="link")


def _on_cards(found: Sequence[Group]) -> Sequence[Group]:
    """All of *found* if they are few; of many, those that are in trouble: all stand side by side below."""
    return found if len(found) <= MANY or not shared(found) else [one for one in found if one.state in _TROUBLE]


def _tone(found: Sequence[Group]) -> str:
    return f"s-{found[0].state.name.lower()}" if found else ""


def _next(last: Measurement, every: float, now: float) -> float:
    """Seconds until the next slot of the grid that *last* lies on."""
    return last.due + every * max(1, ceil((now - last.due) / every)) - now
