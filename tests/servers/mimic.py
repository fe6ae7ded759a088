"""mimic: Rackspace's own imitation of its identity, servers and monitoring.

It never checks a token and takes every key; it needs Python 3.11 and attrs 23.2.0 (a newer one makes its monitoring
vanish without a word).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.servers.environments import environment, free_port, running

REGION = "ORD"


@dataclass(frozen=True, slots=True)
class Mimic:
    """A running server.

    Attributes:
        url: where it is.
    """

    url: str

    @property
    def endpoints(self) -> dict[str, str]:
        """What a vendor entry says under `endpoints`."""
        return {"auth": f"{self.url}/identity/v2.0"}

    def token(self, username: str) -> tuple[str, dict[str, str]]:
        """A token of *username*, and the URLs in the catalog by the names of their services."""
        credentials = {"username": username, "apiKey": "any"}
        body = {"auth": {"RAX-KSKEY:apiKeyCredentials": credentials}}
        access = httpx.post(f"{self.url}/identity/v2.0/tokens", json=body).raise_for_status().json()["access"]
        urls = {
            service["name"]: endpoint["publicURL"]
            for service in access["serviceCatalog"]
            for endpoint in service["endpoints"]
            if endpoint.get("region", REGION) == REGION
        }
        return access["token"]["id"], urls

    def servers(self, username: str) -> list[dict[str, Any]]:
        """The servers that *username* has."""
        token, urls = self.token(username)
        answer = httpx.get(f"{urls['cloudServersOpenStack']}/servers/detail", headers={"X-Auth-Token": token})
        found: list[dict[str, Any]] = answer.raise_for_status().json()["servers"]
        return found

    def check(self, username: str) -> dict[str, str]:
        """A series of the monitoring that *username* has: the entity, check and metric of a new ping."""
        token, urls = self.token(username)
        with httpx.Client(base_url=urls["cloudMonitoring"], headers={"X-Auth-Token": token}) as client:
            entity = client.post("/entities", json={"label": "web"}).raise_for_status().headers["X-Object-ID"]
            ping = {"type": "remote.ping", "label": "ping", "monitoring_zones_poll": ["mzord"], "details": {}}
            made = client.post(f"/entities/{entity}/checks", json=ping).raise_for_status()
        return {"entity": entity, "check": made.headers["X-Object-ID"], "metric": "mzord.available"}


@pytest.fixture(scope="session")
def mimic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mimic]:
    """A server that runs for the whole session; a test has it to itself by using a user name of its own."""
    programs = environment("mimic", "mimic==2.2.*", "attrs==23.2.0")
    port = free_port()
    listen = f"tcp:{port}:interface=127.0.0.1"
    options = ("--nodaemon", "--pidfile=", "mimic", "--realtime", "--listen", listen)
    command: list[str | Path] = [programs / "twistd", *options]
    url = f"http://127.0.0.1:{port}"
    with running(command, f"{url}/", tmp_path_factory.mktemp("mimic")):
        yield Mimic(url)
