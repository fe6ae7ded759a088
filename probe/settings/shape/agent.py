"""The agent itself: who it is, where it listens, what it keeps and what it says."""

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from probe.settings.complaints import Wrong, choices
from probe.settings.fields import (
    REFERENCE_SCHEMA,
    FilePath,
    LedgerUrl,
    Name,
    Reference,
    Seconds,
    Shape,
)
from probe.wire.listening import parse_listen

ACTIONS: Final = ("probe", "reload")
"""What can be allowed beyond loopback, as far as it exists."""
_FUTURE_ACTIONS: Final = ("run", "sweep")


def check_listen(value: object) -> str:
    """*value*, if something can listen there.

    Raises:
        Wrong: it is no address.
    """
    try:
        parse_listen(value if isinstance(value, str) else "")
    except ValueError as error:
        raise Wrong("is no address to listen on", "write HOST:PORT, such as 127.0.0.1:9781 or [::1]:9781") from error
    return str(value)


def _action(value: object) -> str:
    if value in _FUTURE_ACTIONS:
        raise Wrong("has no effect in this version", f"remove it; there is: {', '.join(ACTIONS)}")
    if value not in ACTIONS:
        raise Wrong("is nothing that can be allowed", choices(value, ACTIONS))
    return str(value)


Listen = Annotated[str, BeforeValidator(check_listen), WithJsonSchema({"type": "string", "pattern": ":[0-9]+$"})]
Action = Annotated[str, BeforeValidator(_action), WithJsonSchema({"enum": list(ACTIONS)})]


class Log(Shape):
    """What is logged, to standard error."""

    format: Literal["logfmt", "json"] = Field("logfmt", description="how a line is written")
    level: Literal["debug", "info", "warning", "error"] = Field("info", description="the least that is logged")


class Ledger(Shape):
    """A ledger that is not in the state folder."""

    url: LedgerUrl = Field(
        description="postgresql://USER@HOST:PORT/DATABASE, without a password; libpq's parameters may follow: ?sslmode="
    )
    password: Reference | None = Field(None, description="the user's, as {env: NAME} or {file: PATH}")

    @model_validator(mode="before")
    @classmethod
    def _url_alone(cls, value: object) -> object:
        return {"url": value} if isinstance(value, str) else value


Ledgers = Annotated[
    Ledger,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": "^postgres"},
                {
                    "type": "object",
                    "properties": {"url": {"type": "string", "pattern": "^postgres"}, "password": REFERENCE_SCHEMA},
                    "required": ["url"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


class Agent(Shape):
    """The agent itself."""

    name: Name = Field("probe", description="what this agent is called")
    vantage: Name = Field("local", description="where it measures from, for the page and for records")
    listen: Listen = Field("127.0.0.1:9781", description="where metrics and the page are; $PROBE_LISTEN wins over it")
    state: FilePath = Field(
        Path("state"), description="folder of the ledger, from the working directory; it must survive restarts"
    )
    ledger: Ledgers | None = Field(
        None,
        description="a PostgreSQL database for what must survive; a file in the state folder if nothing is written",
    )
    allow: tuple[Action, ...] = Field(
        (), description="what anybody who reaches a `listen` beyond loopback may do; on loopback everything is allowed"
    )
    log: Log = Field(Log(), description="what is logged")
    grace: Seconds = Field(
        25.0, description="how long a stop waits until everything rented is given back", examples=["25s"]
    )
    places: int = Field(200, ge=1, le=10_000, description="how many runs may be on at once")
