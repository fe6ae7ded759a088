"""The answer in words, for who has five seconds: which vendor is worst, since when, and who is fine."""

from collections.abc import Sequence
from typing import Final

from probe.exposition.page.verdict import Group, Row, Slowness, State, slownesses
from probe.exposition.page.words import ago, clock_time, duration, listed, percent, plural

IN_FULL: Final = 3
"""Vendors of whose trouble a whole sentence is told; of the others only that they are in it."""
NAMED: Final = 4
"""Steady vendors that are told with their regions."""
NOTHING_YET: Final = "Nothing has been measured yet; the first runs are due within seconds."


def summary(found: Sequence[Group], now: float) -> list[str]:
    """Sentences about the vendors *found* (worst first), the most important one first."""
    if not found:
        return []
    if all(group.state is State.WAITING for group in found):
        return [NOTHING_YET]
    troubled = [group for group in found if group.state in {State.FAILING, State.UNSTEADY}]
    told = [_trouble(group, now) for group in troubled[:IN_FULL]]
    if troubled[IN_FULL:]:
        told.append(f"In trouble, too: {listed([_name(group) for group in troubled[IN_FULL:]])}.")
    told += _unjudged_ones([group for group in found if group.state is State.NOT_JUDGED])
    steady = [group for group in found if group.state is State.OK]
    if steady:
        told.append(_steady(steady))
    slow = _slowest_by_vendor(slownesses(found))
    told += [_slow(one) for one in slow[:IN_FULL]]
    if slow[IN_FULL:]:
        told.append(f"Slow, too: {listed([one.row.target.vendor for one in slow[IN_FULL:]])}.")
    return told


def _trouble(group: Group, now: float) -> str:
    worst = group.worst
    how, since = group.spell
    when = f" since {clock_time(since, now)}" if since is not None else ""
    others = [
        f"{one.target.probe} {one.failed} of {one.lately}" for one in group.rows if one.failed and one is not worst
    ]
    also = f" Failed lately, too: {listed(others)}." if others else ""
    return f"{_name(group)} {how}{when}: {_failures(worst, now)}.{also}"


def _failures(row: Row, now: float) -> str:
    told = f"{row.target.probe} failed {row.failed} of the last {plural(row.lately, 'run')}"
    failure = row.last_failure
    if failure is None:
        return told
    phase = f", phase {failure.phase}" if failure.phase else ""
    when = ago(failure.started + failure.seconds, now)
    return f"{told}, latest {when} ({failure.outcome}, blame {failure.blame}{phase})"


def _unjudged_ones(found: Sequence[Group]) -> list[str]:
    told = [_unjudged(group) for group in found[:IN_FULL]]
    return [*told, f"Nor can {listed([_name(group) for group in found[IN_FULL:]])}."] if found[IN_FULL:] else told


def _unjudged(group: Group) -> str:
    row = next(one for one in group.rows if one.state is State.NOT_JUDGED)
    last = row.streak.last
    how = f"{last.outcome}, blame {last.blame}" if last else ""
    return f"{_name(group)} cannot be judged: the last run of {row.target.probe} failed for our own reasons ({how})."


def _steady(steady: Sequence[Group]) -> str:
    ok, valid = sum(group.ok for group in steady), sum(group.valid for group in steady)
    verb = "is" if len(steady) == 1 else "are"
    share = f"all {plural(valid, 'remembered run')} ok" if ok == valid else f"{percent(ok / valid)} of {valid} runs ok"
    names = [_name(group) if len(steady) <= NAMED else group.name for group in steady]
    return f"{listed(names)} {verb} steady: {share}."


def _slowest_by_vendor(slow: Sequence[Slowness]) -> list[Slowness]:
    first: dict[str, Slowness] = {}
    for one in slow:
        first.setdefault(one.row.target.vendor, one)
    return list(first.values())


def _slow(slow: Slowness) -> str:
    mine, theirs = slow.row, slow.fastest
    return (
        f"{mine.target.vendor} is slow: {mine.target.probe} takes {duration(mine.typical or 0)} in the median, "
        f"{slow.times:.1f} times as long as with {theirs.target.vendor} ({duration(theirs.typical or 0)})."
    )


def _name(group: Group) -> str:
    return f"{group.name} ({group.region})" if group.region else group.name
