"""One card per vendor and region: enough to see who is well from across the room."""

from probe.exposition.page.drawing import strip
from probe.exposition.page.markup import Markup, el, join, text
from probe.exposition.page.pieces import chip, moment, steadiness
from probe.exposition.page.verdict import Group, State


def card(group: Group, now: float) -> Markup:
    """How *group* is, and since when."""
    return el(
        "article",
        el("h2", group.name, el("small", group.region), chip(group.state)),
        el("p", *steadiness(group.ok, group.valid), class_="share"),
        strip(group.latest, now),
        el("p", _spell(group, now), class_="quiet"),
        class_=f"card s-{group.state.name.lower()}",
    )


def _spell(group: Group, now: float) -> Markup:
    how, since = group.spell
    if since is not None and group.state in {State.FAILING, State.UNSTEADY}:
        return join(f"{how} since ", moment(since, now))
    if group.state is State.WAITING:
        return text("waits for its first slot")
    last = next((one.streak.last for one in group.rows if one.state is State.NOT_JUDGED), None)
    return text(f"{last.outcome}, blame {last.blame}" if last is not None else "no failure of the vendor lately")
