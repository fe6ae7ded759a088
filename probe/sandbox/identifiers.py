"""Identifiers in the ways in which vendors make them."""

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_DIGITS: Final = 9
_SERIAL: Final = 10**17
"""Numbers that stand for identifiers lie between this and ten times it: they fit into 64 bits, and not into 32."""


class IdKind(StrEnum):
    """What identifiers look like.

    Attributes:
        UUID: as in RFC 9562.
        HEX: hexadecimal digits.
        NUMBER: decimal digits, the first of them not 0.
        NAME: the name that the customer gave.
    """

    UUID = "uuid"
    HEX = "hex"
    NUMBER = "number"
    NAME = "name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ids:
    """How a vendor makes identifiers.

    Attributes:
        kind: what they look like.
        prefix: what stands before each.
        digits: how many, of `hex` and `number`; 0 for a usual number of them.
    """

    kind: IdKind = IdKind.UUID
    prefix: str = ""
    digits: int = 0

    def new(self, name: str) -> str:
        """A new one, for something that is called *name*."""
        return self.prefix + self._made(name)

    def _made(self, name: str) -> str:
        match self.kind:
            case IdKind.UUID:
                return str(uuid.uuid4())
            case IdKind.HEX:
                digits = self.digits or _DIGITS
                return secrets.token_hex(digits)[:digits]
            case IdKind.NUMBER:
                least: int = 10 ** ((self.digits or _DIGITS) - 1)
                return str(least + secrets.randbelow(9 * least))
            case IdKind.NAME:
                return name


def number_of(identifier: str) -> int:
    """A number for *identifier*: itself if it is one, else one that is always the same."""
    if identifier.isdecimal():
        return int(identifier)
    return _SERIAL + int(hashlib.sha256(identifier.encode()).hexdigest(), 16) % (9 * _SERIAL)
