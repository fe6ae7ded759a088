"""A pretend vendor whose instances take their time."""

from dataclasses import replace
from typing import Any

from typing_extensions import override

from probe.cloud import View
from probe.model.clock import Clock
from probe.model.instance import InstanceState
from probe.model.stopwatch import Stopwatch
from tests.fakes.cloud import FakeCloud


class BuildingCloud(FakeCloud):
    """Builds, then gives addresses; the truth is in its attributes.

    Attributes:
        builds: seconds from the create call's answer until an instance runs.
        addresses: seconds after that until it has an address.
        shown_after: seconds for which the vendor does not know a new instance.
        fails: the view of one that will never run, instead of ready.
    """

    def __init__(self, clock: Clock, *, builds: float = 3.0, addresses: float = 0.0) -> None:
        super().__init__(clock)
        self.builds = builds
        self.addresses = addresses
        self.shown_after = 0.0
        self.fails: InstanceState | None = None
        self._clock_of_builds = clock
        self._born: dict[str, float] = {}

    @property
    @override
    def not_found_grace(self) -> float:
        return 5.0

    @override
    async def inspect(self, instance_id: str, watch: Stopwatch, *, addresses: bool = False) -> View | None:
        view = await super().inspect(instance_id, watch, addresses=addresses)
        if view is None:
            return None
        age = self._clock_of_builds.now() - self._born[instance_id]
        if age < self.shown_after:
            return None
        if age < self.builds:
            return replace(view, state=InstanceState.PENDING, addresses=())
        if self.fails is not None:
            return replace(view, state=self.fails, reason="No valid host was found")
        return view if age >= self.builds + self.addresses else replace(view, addresses=())

    @override
    def put(self, **arguments: Any) -> View:
        view = super().put(**arguments)
        self._born[view.id] = self._clock_of_builds.now()
        return view
