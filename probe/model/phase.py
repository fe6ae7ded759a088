"""The closed vocabulary of stretches of time.

A phase that was not reached is absent from a measurement, never 0: a zero would drag every quantile towards
something that was not measured.
"""

from enum import StrEnum
from typing import Final


class Phase(StrEnum):
    """A stretch of a run: dashboards are written in these words, so a new one changes their language."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"
    SEND = "send"
    WAIT = "wait"
    TRANSFER = "transfer"
    AUTH = "auth"
    QUERY = "query"
    ACCEPT = "accept"
    PROVISION = "provision"
    ADDRESS = "address"
    REACH = "reach"
    DELETE = "delete"
    GONE = "gone"


class Milestone(StrEnum):
    """A moment of an instance's life, counted from the create call (`gone`: from the delete call).

    Kept beside the phases because percentiles of sums are not sums of percentiles.
    """

    ACCEPTED = "accepted"
    ACTIVE = "active"
    REACHABLE = "reachable"
    GONE = "gone"


WIRE_PHASES: Final = (Phase.RESOLVE, Phase.CONNECT, Phase.TLS, Phase.SEND, Phase.WAIT, Phase.TRANSFER)
LIFECYCLE_PHASES: Final = (Phase.ACCEPT, Phase.PROVISION, Phase.ADDRESS, Phase.REACH, Phase.DELETE, Phase.GONE)
