"""Ways in which a ledger's files are found after an accident, generated from what they are like."""

import os
import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from tests.chaos.kill.ledgers import StateFolder

_PAGE: Final = 4096
_FLIPS: Final = 10
Damage = Callable[[StateFolder], None]


def damages(seed: str) -> Iterator[tuple[str, Damage]]:
    """Every kind of damage, by a name that says it."""
    for share in (0.0, 0.001, 0.5, 0.999):
        yield f"cut-database-{share:g}", partial(_cut, name="", share=share)
        yield f"cut-log-{share:g}", partial(_cut, name="-wal", share=share)
    yield "without-log", _without_log
    yield "header", partial(_flip, name="", share=0.0)
    dice = random.Random(seed)
    for number in range(_FLIPS):
        place = dice.random()
        yield f"flip-database-{number}", partial(_flip, name="", share=place)
        yield f"flip-log-{number}", partial(_flip, name="-wal", share=place)
    yield "zeroed-page", _zero


def _cut(folder: StateFolder, *, name: str, share: float) -> None:
    file = folder.database.with_name(folder.database.name + name)
    if file.exists():
        os.truncate(file, int(share * file.stat().st_size))


def _without_log(folder: StateFolder) -> None:
    for file in folder.files[1:]:
        file.unlink()


def _flip(folder: StateFolder, *, name: str, share: float) -> None:
    file = folder.database.with_name(folder.database.name + name)
    if not file.exists() or not file.stat().st_size:
        return
    data = bytearray(file.read_bytes())
    first = int(share * len(data))
    for position in range(first, min(first + 16, len(data))):
        data[position] ^= 0xFF
    file.write_bytes(data)


def _zero(folder: StateFolder) -> None:
    data = bytearray(folder.database.read_bytes())
    data[_PAGE : 2 * _PAGE] = bytes(len(data[_PAGE : 2 * _PAGE]))
    folder.database.write_bytes(data)
