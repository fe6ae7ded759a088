"""Prism: a server made of a vendor's own OpenAPI document, which says whether a request is one that it describes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.provision import NODE_HOME
from tests.servers.environments import free_port, running


@contextmanager
def prism(document: Path, folder: Path) -> Iterator[str]:
    """Serve *document* for as long as the block lasts; yields the URL.

    It is stateless: good for the shape of a request, useless for a lifecycle.
    """
    command = NODE_HOME / "node_modules" / ".bin" / "prism"
    assert command.exists(), "Prism is missing: python -m tests.provision --proof"
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    arguments = ["mock", "--host", "127.0.0.1", "--port", str(port), str(document)]
    with running([command, *arguments], url, folder):
        yield url
