"""What is rented from whom, what of it does not go, why nothing more is rented, and why runs never started."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from probe.exposition.page.markup import Markup, el, join, text
from probe.exposition.page.remedies import NO_LEDGER, OF_CAUSES, OF_SKIPS, Remedy
from probe.exposition.page.words import ago, iso, listed, plural, short
from probe.exposition.renting import Account, Skipped
from probe.model.instance import Lease, LeaseState
from probe.model.outcome import Skip
from probe.model.refusal import Cause

NAMED: Final = 3
"""Leaks, probes with skipped runs, and reasons that are told one by one; of the others only how many there are."""
IN_FULL: Final = 3
"""Vendors of which the summary says why they are not rented from; the others are only named."""

_COLUMNS: Final = ("Renting", "Held now", "Leaked", "Why nothing is rented", "Skipped lately")
_LEAD: Final = (
    "What this agent rents and gives back, worst first, and what keeps it from renting. Lately is the last hour, or "
    "four intervals of a probe that comes round more rarely."
)
_ANCHOR: Final = "todo-"
_LEDGER: Final = "ledger"
_BELOW: Final = Markup(' (<a href="#renting">what to do</a>).')
_HELD: Final = {
    LeaseState.INTENDED: "ordered",
    LeaseState.ACTIVE: "in use",
    LeaseState.DELETING: "on its way out",
    LeaseState.LEAKED: "leaked",
}
_CAUSES: Final = {
    Cause.LEAKS: "something leaked there",
    Cause.DELETES: "a deletion does not come about",
    Cause.DENIED: "it answers orders with denied",
    Cause.QUOTA: "it answers orders with quota",
}


def section(accounts: Sequence[Account], now: float, *, away: bool) -> Iterator[str]:
    """The section of *accounts* in pieces, nothing if there are none; *away*: there is no ledger."""
    if not accounts:
        return
    accounts = sorted(accounts, key=_badness, reverse=True)
    yield '<section class="layer" id="renting">'
    yield el("h2", "Renting")
    yield el("p", _LEAD, class_="quiet")
    heads = join(*(el("th", name, scope="col") for name in ("Vendor", *_COLUMNS)))
    yield f'<table class="renting runs" aria-label="Renting"><thead><tr>{heads}</tr></thead><tbody>'
    for account in accounts:
        yield _row(account, now, away=away)
    yield "</tbody></table>"
    yield _remedies(accounts, away=away)
    yield "</section>"


def sentences(accounts: Sequence[Account], *, away: bool) -> list[Markup]:
    """Who is not rented from and why, for the summary, nothing if all are; *away*: there is no ledger."""
    if accounts and away:
        return [join("Nothing is rented from anybody: the agent has no ledger", _BELOW)]
    shut = sorted((one for one in accounts if one.shut), key=_badness, reverse=True)
    told = [
        join(
            f"Nothing more is rented from {_name(one)}: ",
            listed([_CAUSES[stop.cause] for stop in one.stops if stop.forbids]),
            _BELOW,
        )
        for one in shut[:IN_FULL]
    ]
    if shut[IN_FULL:]:
        told.append(text(f"Nor from {listed([_name(one) for one in shut[IN_FULL:]])}."))
    return told


def _name(account: Account) -> str:
    return f"{account.vendor} ({account.region})" if account.region else account.vendor


def _badness(account: Account) -> tuple[int, bool, int, int]:
    return len(account.leaked), account.shut, len(account.stops), sum(one.slots for one in account.skipped)


def _row(account: Account, now: float, *, away: bool) -> Markup:
    cells = (
        _state(account, now, away=away),
        _held(account, now),
        _leaked(account, now),
        _why(account, away=away),
        _skipped(account.skipped, now),
    )
    tds = [el("td", el("div", cell), data_label=name) for name, cell in zip(_COLUMNS, cells, strict=True)]
    return el("tr", el("th", account.vendor, el("small", account.region, class_="quiet"), scope="row"), *tds)


def _state(account: Account, now: float, *, away: bool) -> Markup:
    if away:
        word, kind = "NO LEDGER", "failing"
    elif account.shut:
        word, kind = "STOPPED", "failing"
    elif account.stops:
        word, kind = "ONE MAY TRY", "unsteady"
    elif not account.configured:
        word, kind = "LEFT", "not_judged"
    elif account.counted is None:
        word, kind = "NOT ASKED YET", "waiting"
    else:
        word, kind = "RENTS", "ok"
    if account.counted is None:
        return _chip(word, kind)
    asked = el("time", ago(account.counted, now), datetime=iso(account.counted))
    return join(_chip(word, kind), el("small", "ledger read ", asked, class_="quiet"))


def _chip(word: str, kind: str) -> Markup:
    return el("span", word, class_=f"chip s-{kind}")


def _held(account: Account, now: float) -> Markup:
    came = account.came
    along = el("small", "came along: ", listed([f"{count} {kind}" for kind, count in sorted(came.items())]))
    if not account.leases:
        return join("no instance", along) if came else _nothing(account)
    counts = Counter(_standing(lease) for lease in account.leases)
    oldest = short(now - min(lease.intended_at for lease in account.leases))
    return join(
        el("b", plural(len(account.leases), "instance")),
        el("small", listed([f"{count} {word}" for word, count in counts.items()]), class_="quiet"),
        el("small", f"oldest {oldest}", class_="quiet"),
        along if came else Markup(""),
        _note(next((lease.note for lease in account.leases if _left(lease)), "")),
    )


def _nothing(account: Account) -> Markup:
    return el("span", "not known" if account.counted is None else "nothing", class_="quiet")


def _standing(lease: Lease) -> str:
    return "left to the sweeper" if _left(lease) else _HELD[lease.state]


def _left(lease: Lease) -> bool:
    """Whether the sweeper is to take it, and has not called it leaked."""
    return lease.handed_over and lease.state is not LeaseState.LEAKED


def _note(note: str) -> Markup:
    """What the ledger has to say of a lease."""
    return el("small", note, class_="detail", title=note) if note else Markup("")


def _leaked(account: Account, now: float) -> Markup:
    leaked = account.leaked
    if not leaked:
        return _nothing(account)
    named = [_one_leaked(lease, now) for lease in leaked[:NAMED]]
    more = len(leaked) - NAMED
    return join(*named, el("small", f"and {more} more") if more > 0 else Markup(""))


def _one_leaked(lease: Lease, now: float) -> Markup:
    since = lease.delete_requested_at
    asked = f"asked to go {ago(since, now)}" if since is not None else "asked to go"
    name = el("b", lease.instance_id or lease.key, class_="t-vendor name")
    return join(el("div", name, el("small", asked, class_="quiet"), _note(lease.note)))


def _why(account: Account, *, away: bool) -> Markup:
    told = [_reason(_LEDGER, NO_LEDGER.meaning)] if away else []
    told += [_reason(stop.cause, stop.detail) for stop in account.stops]
    if not account.configured:
        told.append(el("div", "it left the configuration, and is swept until nothing of ours is there"))
    return join(*told) if told else el("span", "nothing stops it", class_="quiet")


def _reason(word: str, detail: str) -> Markup:
    return el("div", el("b", word), f": {detail} ", _link(word), class_="reason")


def _link(word: str) -> Markup:
    return el("a", "what to do", href=f"#{_ANCHOR}{word}")


def _skipped(skipped: Sequence[Skipped], now: float) -> Markup:
    if not skipped:
        return el("span", "none", class_="quiet")
    lines = [
        el(
            "div",
            el("b", one.probe),
            " ",
            _reasons(one.reasons),
            el("small", f"newest {ago(one.last, now)}", class_="quiet"),
        )
        for one in skipped[:NAMED]
    ]
    others = skipped[NAMED:]
    if others:
        reasons: Counter[Skip] = Counter()
        for one in others:
            reasons.update(one.reasons)
        lines.append(el("div", f"and {plural(len(others), 'probe')} more: ", _reasons(reasons), class_="quiet"))
    return join(*lines)


def _reasons(reasons: Mapping[Skip, int]) -> Markup:
    """Those of most slots by name, the others in one number."""
    ordered = sorted(reasons.items(), key=lambda pair: pair[1], reverse=True)
    told = [el("span", f"{count} × {reason}", class_="whole") for reason, count in ordered[:NAMED]]  # noqa: RUF001 - so often
    others = sum(count for _, count in ordered[NAMED:])
    if others:
        told.append(el("span", f"{others} for other reasons", class_="whole"))
    return join(*(join(", ", one) if place else one for place, one in enumerate(told)))


def _remedies(accounts: Sequence[Account], *, away: bool) -> Markup:
    """What to do about each word that stands in the table, once."""
    causes = {stop.cause for account in accounts for stop in account.stops}
    reasons = {reason for account in accounts for one in account.skipped for reason in one.reasons}
    stopped = [_remedy(_LEDGER, NO_LEDGER)] if away else []
    stopped += [_remedy(cause, OF_CAUSES[cause]) for cause in Cause if cause in causes]
    skipped = [_remedy(f"skipped-{reason}", OF_SKIPS[reason], reason) for reason in Skip if reason in reasons]
    lists = [
        join(el("h3", title), el("ul", *items, class_="todo"))
        for title, items in (("Why nothing is rented: what to do", stopped), ("Why runs were skipped", skipped))
        if items
    ]
    return join(*lists)


def _remedy(name: str, remedy: Remedy, word: str = "") -> Markup:
    more = join(" More: ", el("code", remedy.runbook)) if remedy.runbook else Markup("")
    meaning, todo = _with_code(f": {remedy.meaning}. "), el("span", _with_code(remedy.todo))
    return el("li", el("b", word or name), meaning, todo, more, id=f"{_ANCHOR}{name}")


def _with_code(words: str) -> Markup:
    return join(*(el("code", part) if place % 2 else text(part) for place, part in enumerate(words.split("`"))))
