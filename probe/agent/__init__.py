"""The composition root: the only room that knows everything, and that nothing but the command line knows."""

from probe.agent.agent import Agent
from probe.agent.assembly import Assembly

__all__ = ["Agent", "Assembly"]
