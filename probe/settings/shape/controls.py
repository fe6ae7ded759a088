"""References that tell a vendor that is down from a network of our own that is."""

from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from probe.settings.complaints import Wrong
from probe.settings.fields import FilePath, Name, Seconds, Shape
from probe.wire import is_address


def _peer(value: object) -> str:
    remedy = "write HOST, HOST:PORT or [ADDRESS]:PORT"
    if not isinstance(value, str) or not value:
        raise Wrong("is no host", remedy)
    try:
        parts = urlsplit(f"//{value}" if not is_address(value) else f"//[{value}]" if ":" in value else f"//{value}")
        good = bool(parts.hostname) and parts.port != 0 and not parts.path and parts.username is None
    except ValueError:
        good = False
    if not good or any(letter.isspace() or letter in "?#/" for letter in value):
        raise Wrong("is no host", remedy)
    return value


def _gateway(value: object) -> bool:
    if value is not True:
        raise Wrong("must be true", "write gateway: true, or remove it")
    return True


Gateway = Annotated[bool, BeforeValidator(_gateway), WithJsonSchema({"const": True})]
Peer = Annotated[str, BeforeValidator(_peer), WithJsonSchema({"type": "string"})]
HostName = Annotated[str, Field(pattern=r"^([A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?$", max_length=253)]


class ControlCheck(Shape):
    """A reference that has nothing to do with any vendor: exactly one of `gateway`, `resolver`, `https`."""

    name: Name | None = Field(None, description="the `check` label; `gateway`, or the host, if nothing is written")
    gateway: Gateway | None = Field(None, description="whether this machine's default gateway answers")
    resolver: Peer | None = Field(
        None, description="a name server: HOST, HOST:PORT or [ADDRESS]:PORT", examples=["9.9.9.9"]
    )
    query: HostName | None = Field(
        None, description="the name that the resolver is asked for; example.com if nothing is written"
    )
    https: Peer | None = Field(
        None, description="a host that a TLS handshake is made with, or HOST:PORT", examples=["www.wikipedia.org"]
    )
    ca_bundle: FilePath | None = Field(None, description="PEM file of the authorities to trust instead of the system's")

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        given = [key for key in ("gateway", "resolver", "https") if getattr(self, key) is not None]
        if len(given) != 1:
            told = " and ".join(given) or "nothing"
            raise Wrong(f"asks {told}", "write exactly one of gateway: true, resolver: HOST, https: HOST")
        for key, owner in (("query", "resolver"), ("ca_bundle", "https")):
            if getattr(self, key) is not None and owner not in given:
                raise Wrong(f"has a {key} that nothing is done with", f"remove it: it belongs to {owner}")
        return self


STANDARD_CHECKS: Final = (
    ControlCheck(gateway=True),
    ControlCheck(name="quad9", resolver="9.9.9.9"),
    ControlCheck(name="opendns", resolver="208.67.222.222"),
    ControlCheck(name="wikipedia", https="www.wikipedia.org"),
    ControlCheck(name="debian", https="www.debian.org"),
)
"""The gateway, two resolvers and two hosts, of four operators of which none depends on another."""


class Controls(Shape):
    """References that tell a vendor that is down from a network of our own that is."""

    checks: tuple[ControlCheck, ...] = Field(
        STANDARD_CHECKS,
        max_length=16,
        description="who is asked; an empty list switches control checks off",
        examples=[[{"gateway": True}, {"resolver": "9.9.9.9"}, {"https": "www.wikipedia.org"}]],
    )
    quorum: int | None = Field(
        None, ge=1, description="how many must fail before it is our network; more than half if nothing is written"
    )
    within: Seconds = Field(1.0, le=5.0, description="how long each may take", examples=["1s"])
    every: Seconds = Field(60.0, ge=5.0, description="from one round to the next while all is well", examples=["1m"])
