"""What two signals to stop mean; apart from the agent, so that a command can know it without importing everything."""

from typing import Final

ECHO: Final = 1.0
"""Seconds within which a second signal is the same request: `timeout` and Ctrl-C tell a process and then its group."""
