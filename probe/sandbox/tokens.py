"""Tokens that a pretend vendor has given out, and when it forgets them."""

import secrets

from probe.model.clock import Clock


class Tokens:
    """The tokens of one vendor."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lives: dict[str, tuple[float, float]] = {}

    def issue(self, lifetime: float) -> str:
        """A new token, good for *lifetime* seconds."""
        now = self._clock.now()
        self._lives = {token: life for token, life in self._lives.items() if life[1] > now}
        token = secrets.token_urlsafe(24)
        self._lives[token] = now, now + lifetime
        return token

    def good(self, token: str) -> bool:
        """Whether *token* was given out and has not expired."""
        return token in self._lives and self._lives[token][1] > self._clock.now()

    def age(self, token: str) -> float:
        """Seconds since *token* was given out; 0 if it never was."""
        return self._clock.now() - self._lives[token][0] if token in self._lives else 0.0

    def forget(self, token: str) -> None:
        """Let *token* expire now."""
        self._lives.pop(token, None)
