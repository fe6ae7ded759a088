"""Tokens that a pretend vendor has given out, and when it forgets them."""

import secrets

from probe.model.clock import Clock


class Tokens:
    """The tokens of one vendor."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._expiry: dict[str, float] = {}

    def issue(self, lifetime: float) -> str:
        """A new token, good for *lifetime* seconds."""
        now = self._clock.now()
        self._expiry = {token: expiry for token, expiry in self._expiry.items() if expiry > now}
        token = secrets.token_urlsafe(24)
        self._expiry[token] = now + lifetime
        return token

    def good(self, token: str) -> bool:
        """Whether *token* was given out and has not expired."""
        return self._expiry.get(token, 0.0) > self._clock.now()

    def forget(self, token: str | None = None) -> None:
        """Let *token* expire now; every one if none is named."""
        if token is None:
            self._expiry.clear()
        else:
            self._expiry.pop(token, None)
