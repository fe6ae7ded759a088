"""What probes of vendors share: the vendor."""

from probe.cloud import Cloud
from probe.probes.kind import Surroundings


def the_cloud(surroundings: Surroundings) -> Cloud:
    """The vendor of a vendor probe.

    Raises:
        ValueError: there is none, which is a mistake of who builds the probe.
    """
    if surroundings.cloud is None:
        raise ValueError("a vendor probe needs a vendor")
    return surroundings.cloud
