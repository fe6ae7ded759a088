"""One table per layer: a row per probe, with what it found last and how it has been doing."""

from collections.abc import Iterator, Sequence
from typing import Final

from probe.exposition.page.drawing import phase_bar, strip
from probe.exposition.page.markup import Markup, el, join, text
from probe.exposition.page.pieces import chip, phase_legend, steadiness
from probe.exposition.page.verdict import Group, Row
from probe.exposition.page.words import ago, clock_time, duration, interval, iso
from probe.model.measurement import Measurement

_COLUMNS: Final = ("State", "Last run", "Took", "Where its time went", "Last 60 runs", "Steadiness")


def table(found: Sequence[Group], words: tuple[str, str, str], now: float) -> Iterator[str]:
    """The table of *found* in pieces; *words* are its title, what its first column holds, and what it is about."""
    title, first, lead = words
    yield '<section class="layer">'
    yield el("h2", title)
    yield el("p", lead, class_="quiet")
    heads = join(*(el("th", name, scope="col") for name in (first, *_COLUMNS)))
    yield f'<table class="runs" aria-label="{title}"><thead><tr>{heads}</tr></thead>'
    for group in found:
        yield "<tbody>"
        yield el(
            "tr", el("th", group.name, " ", el("small", group.region), colspan="7", scope="rowgroup"), class_="group"
        )
        for one in group.rows:
            yield _row(one, now)
        yield "</tbody>"
    yield "</table>"
    yield phase_legend([one for group in found for one in group.rows])
    yield "</section>"


def _row(one: Row, now: float) -> Markup:
    job, last = one.streak.job, one.streak.last
    kind = job.probe.kind if job.probe.kind != job.target.probe else ""
    about = ", ".join(part for part in (kind, job.spec, f"every {interval(job.every)}") if part)
    cells = (
        join(chip(one.state), el("small", _since(one, now), class_="quiet")),
        _last(last, now),
        _took(one),
        phase_bar(last),
        strip(one.runs, now),
        el("span", *steadiness(one.streak.ok, one.streak.valid), class_="share"),
    )
    tds = [el("td", el("div", cell), data_label=name) for name, cell in zip(_COLUMNS, cells, strict=True)]
    return el("tr", el("th", job.target.probe, el("small", about, class_="quiet"), scope="row"), *tds)


def _since(one: Row, now: float) -> Markup:
    if one.since is None:
        return text("first slot to come")
    failed = f", failed {one.failed} of last {one.lately}" if one.failed else ""
    return join("since ", el("time", clock_time(one.since, now), datetime=iso(one.since)), failed)


def _last(last: Measurement | None, now: float) -> Markup:
    if last is None:
        return el("span", "none", class_="quiet")
    when = el("time", ago(last.started + last.seconds, now), datetime=iso(last.started), class_="quiet")
    if last.ok:
        return join(el("b", "ok"), " ", when)
    where = f", phase {last.phase}" if last.phase else ""
    return join(
        el("b", str(last.outcome), class_=f"t-{last.blame}"),
        f", blame {last.blame}{where} ",
        when,
        el("small", last.detail, class_="detail", title=last.detail) if last.detail else Markup(""),
    )


def _took(one: Row) -> Markup:
    last = one.streak.last
    if last is None:
        return el("span", "–", class_="quiet")  # noqa: RUF001 - a dash stands for nothing in a table
    usual = f"median {duration(one.typical)}" if one.typical is not None else ""
    return join(duration(last.seconds), el("small", usual, class_="quiet"))
