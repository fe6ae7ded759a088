"""What an agent's log tells of the things that a soak has found: its beginning matters as much as its end."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

_LEASE: Final = re.compile(r"probe-[0-9a-f]{8}-[0-9a-f]{12}")


def concerned(complaints: Iterable[str], made: Mapping[str, str]) -> frozenset[str]:
    """The leases and identifiers that *complaints* are about; *made* has the lease of each identifier."""
    text = "\n".join(complaints)
    leases = set(_LEASE.findall(text))
    ids = {identifier for identifier, lease in made.items() if identifier in text or lease in leases}
    return frozenset(leases | ids | {made[identifier] for identifier in ids})


def lines_about(names: frozenset[str], log: Iterable[str]) -> Iterator[str]:
    """The lines of *log* that name any of *names*, in their order."""
    for line in log:
        if any(name in line for name in names):
            yield line.rstrip("\n")
