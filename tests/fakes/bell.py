"""A bell that is rung by hand."""

from collections.abc import Callable


class HandBell:
    """Rings when a test says so: the engine's bell without a timer."""

    def __init__(self) -> None:
        self.rings: dict[str, Callable[[], None]] = {}
        self.dues: dict[str, Callable[[], float]] = {}
        self.running = False

    def hang(self, key: str, next_due: Callable[[], float], ring: Callable[[], None]) -> None:
        """Ring for *key* from now on."""
        self.rings[key], self.dues[key] = ring, next_due

    def take_down(self, key: str) -> None:
        """Ring no more for *key*."""
        del self.rings[key], self.dues[key]

    def start(self) -> None:
        """Begin to ring."""
        self.running = True

    def stop(self) -> None:
        """Never ring again."""
        self.running = False

    def next_due(self) -> float:
        """The earliest instant at which anything is due."""
        return min(due() for due in self.dues.values())

    def ring(self) -> None:
        """Ring for everything that hangs."""
        for ring in list(self.rings.values()):
            ring()
