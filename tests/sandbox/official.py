"""An official SDK lives a life on the imitation of its vendor: if the SDK is fooled, the imitation is plausible.

A vendor's test wraps its SDK in the few words of `Sdk` and calls `live`. The SDK blocks, so it runs in a thread.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Final, Protocol

MARKS: Final = {"stability-probe": "a-b-c", "stability-probe-run": "run-1"}
_PATIENCE: Final = 20.0
_PAUSE: Final = 0.05


class Sdk(Protocol):
    """What every SDK can do, in words that all vendors share."""

    def create(self, name: str, marks: Mapping[str, str]) -> str:
        """Rent an instance with these marks; its identifier."""
        ...

    def wait(self, instance_id: str) -> None:
        """Wait by the SDK's own means, if it has any, until the instance is built."""
        ...

    def state(self, instance_id: str) -> str | None:
        """The vendor's word for how it is; None if the SDK says that there is none."""
        ...

    def addresses(self, instance_id: str) -> list[str]:
        """Where it answers."""
        ...

    def mine(self, marks: Mapping[str, str]) -> set[str]:
        """Identifiers of what carries these marks, by the vendor's filter, over all pages."""
        ...

    def everything(self) -> set[str]:
        """Names of everything, over all pages."""
        ...

    def points(self, instance_id: str) -> int:
        """How many datapoints its last hour has; 0 where the vendor has none."""
        ...

    def delete(self, instance_id: str) -> None:
        """Give it back."""
        ...


async def live(sdk: Sdk, resident: str, *, ready: str, measured: bool = True) -> None:
    """Rent, wait, look, list, measure a *resident*, give back; everything has to be as the SDK expects it."""
    await asyncio.to_thread(_life, sdk, resident, ready)
    assert bool(await asyncio.to_thread(sdk.points, resident)) is measured


def _life(sdk: Sdk, resident: str, ready: str) -> None:
    made = [sdk.create(f"probe-12345678-{number:012x}", MARKS) for number in range(3)]
    first = made[0]
    assert sdk.state(first) != ready
    sdk.wait(first)
    _until(lambda: sdk.state(first) == ready)
    assert any(address.startswith("127.0.") for address in sdk.addresses(first))
    assert sdk.mine(MARKS) == set(made)
    assert {"web-1", "probe-lookalike", "probe-12345678-000000000000"} <= sdk.everything()
    for instance_id in made:
        sdk.delete(instance_id)
    _until(lambda: all(sdk.state(instance_id) is None for instance_id in made))
    assert sdk.mine(MARKS) == set()
    assert sdk.state(resident) is not None


def _until(wanted: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not wanted():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(_PAUSE)
