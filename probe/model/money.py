"""What renting costs, estimated upwards: whole millionths of a currency, never fractions that get lost."""

import math
from typing import Final

MILLION: Final = 1_000_000
_HOUR: Final = 3600.0
_DUST: Final = 1e-6
"""What multiplying floats adds; it must not become a millionth."""


def charge(price: int, rounds_up_to: float, seconds: float) -> int:
    """What *seconds* of something cost, in millionths.

    *price* is that of an hour, in millionths. Vendors charge whole units of *rounds_up_to* seconds, and at least one.
    """
    units = max(1, math.ceil(seconds / rounds_up_to - _DUST))
    return math.ceil(units * rounds_up_to * price / _HOUR - _DUST)


def told(amount: int, currency: str) -> str:
    """*amount* millionths for people: two digits, more where it would be nothing otherwise."""
    value = amount / MILLION
    digits = 2 if not amount or value >= 0.1 else 4  # noqa: PLR2004 - a tenth
    return f"{value:.{digits}f} {currency}".rstrip()
