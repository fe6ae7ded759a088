"""What proves that an instance is ours: checked on our side, whatever the vendor's filter says."""

import re
import secrets
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final

from probe.cloud import MARK_AGENT, MARK_EXPIRES, MARK_LEASE, MARK_RUN, Leftover, View
from probe.model.instance import Lease

_AGENT_DIGITS: Final = 8
_SHAPE: Final = re.compile(r"probe-[0-9a-f]{8}-[0-9a-f]{12}")


class Standing(StrEnum):
    """Whose an instance is, as far as it shows.

    Attributes:
        OURS: it carries our marks, all of them, and the name that goes with them.
        FOREIGN: it carries another agent's mark.
        LOOKALIKE: something about it looks like ours, and something is missing or does not fit.
        STRANGER: it has nothing to do with us.
    """

    OURS = "ours"
    FOREIGN = "foreign"
    LOOKALIKE = "lookalike"
    STRANGER = "stranger"


def new_key(agent_id: str) -> str:
    """A name for a lease, and for its instance, that nobody else has or can guess."""
    return f"probe-{agent_id[:_AGENT_DIGITS]}-{secrets.token_hex(6)}"


def marks_of(lease: Lease, agent_id: str) -> Mapping[str, str]:
    """The marks that everything rented under *lease* carries."""
    return {
        MARK_AGENT: agent_id,
        MARK_RUN: lease.run_id,
        MARK_LEASE: lease.key,
        MARK_EXPIRES: str(int(lease.expires_at)),
    }


def standing(thing: View | Leftover, ours: Collection[str]) -> Standing:
    """Whose *thing* is, where *ours* are the ids of agents that we answer for: our own, and those that were adopted.

    Ours is only what carries such an id, names a lease of our shape, and, an instance, bears that lease's name or none.
    A name alone proves nothing: replicas share it, and anybody can choose it.
    """
    agent = thing.marks.get(MARK_AGENT)
    if agent is not None and agent not in ours:
        return Standing.FOREIGN
    if agent is None:
        return Standing.LOOKALIKE if _SHAPE.fullmatch(thing.name) or MARK_LEASE in thing.marks else Standing.STRANGER
    key = thing.marks.get(MARK_LEASE, "")
    fits = _is_key_of(key, agent) and (isinstance(thing, Leftover) or thing.name in {"", key})
    return Standing.OURS if fits else Standing.LOOKALIKE


def lease_key(thing: View | Leftover) -> str:
    """The lease that *thing* says it was rented under, empty if it says none."""
    return thing.marks.get(MARK_LEASE, "")


def expired(thing: View | Leftover, now: float) -> bool:
    """Whether its mark says that its lease is over; *now* in seconds since 1970. What cannot be read is not over."""
    text = thing.marks.get(MARK_EXPIRES, "")
    return text.isascii() and text.isdigit() and float(text) <= now


def _is_key_of(key: str, agent_id: str) -> bool:
    return _SHAPE.fullmatch(key) is not None and key.startswith(f"probe-{agent_id[:_AGENT_DIGITS]}-")
