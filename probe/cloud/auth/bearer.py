"""A token that the operator was given, sent as `Authorization: Bearer …` (RFC 6750)."""

from typing import ClassVar, Self

from pydantic import BaseModel

from probe.cloud.auth.contract import AuthSurroundings, NoOptions
from probe.cloud.auth.header import CREDENTIAL, Header, HeaderOptions


class Bearer(Header):
    """Sends the credential `token`."""

    Options: ClassVar[type[BaseModel]] = NoOptions

    @classmethod
    def build(cls, surroundings: AuthSurroundings) -> Self:
        """One for a vendor entry."""
        return cls(surroundings.entry, HeaderOptions(name="Authorization", credential=CREDENTIAL, prefix="Bearer "))
