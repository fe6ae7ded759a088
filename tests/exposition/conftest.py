"""The servers that tests of the exposition use."""

from tests.servers.chromium import chromium
from tests.servers.prometheus import prometheus

__all__ = ["chromium", "prometheus"]
