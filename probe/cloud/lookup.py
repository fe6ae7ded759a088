"""Identifiers of sizes and images by name, for vendors that want an identifier where people know a name."""

from typing import Final

from probe.cloud.caller import Caller
from probe.cloud.complaint import found_text
from probe.cloud.file.vendor import Lookup
from probe.model.clock import Clock
from probe.model.stopwatch import Stopwatch

_REMEMBERED: Final = 3_600.0
"""Seconds: an image that the vendor replaced under its name is noticed within the hour."""


class Directory:
    """Looks names up, and remembers what it found."""

    def __init__(self, caller: Caller, clock: Clock) -> None:
        self._caller = caller
        self._clock = clock
        self._known: dict[tuple[str, str], tuple[str, float]] = {}

    async def identify(self, kind: str, lookup: Lookup | None, name: str, watch: Stopwatch) -> str:
        """The identifier of the *kind* (`sizes`, `images`) that is called *name*.

        A name that the vendor's list does not have is taken for an identifier: the vendor itself judges it.

        Raises:
            ProbeFailed: the list could not be had.
        """
        if lookup is None:
            return name
        found, until = self._known.get((kind, name), ("", 0.0))
        if self._clock.now() < until:
            return found
        found = await self._find(kind, lookup, name, watch)
        # by its identifier, too: an order is resolved before it is placed, and asked for by what was found
        for known in (name, found):
            self._known[kind, known] = (found, self._clock.now() + _REMEMBERED)
        return found

    async def _find(self, kind: str, lookup: Lookup, name: str, watch: Stopwatch) -> str:
        async for _, items in self._caller.pages(kind, lookup, {"name": name}, watch, watch.aside()):
            for item in items:
                identifier = found_text(lookup.id, item)
                if identifier and name in {identifier, found_text(lookup.name, item)}:
                    return identifier
        return name
