"""What probes of vendors share: the vendor, and somebody who rents from it."""

from probe.cloud import Cloud
from probe.probes.kind import Surroundings
from probe.rental import Renter


def the_cloud(surroundings: Surroundings) -> Cloud:
    """The vendor of a vendor probe.

    Raises:
        ValueError: there is none, which is a mistake of who builds the probe.
    """
    if surroundings.cloud is None:
        raise ValueError("a vendor probe needs a vendor")
    return surroundings.cloud


def the_renter(surroundings: Surroundings) -> Renter:
    """Who rents for a renting probe.

    Raises:
        ValueError: there is nobody, which is a mistake of who builds the probe.
    """
    if surroundings.renter is None:
        raise ValueError("a renting probe needs a renter")
    return surroundings.renter
