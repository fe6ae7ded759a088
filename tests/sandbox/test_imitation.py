"""Data files: what they may say, and what becomes of one that says something else."""

from pathlib import Path

import pytest

from probe.sandbox import SandboxDataRefused
from probe.sandbox.imitation import Idempotency
from probe.sandbox.loading import load_imitation
from probe.sandbox.places import Casting
from probe.sandbox.requests import Asked
from probe.sandbox.sandbox import cast
from tests.fakes.clock import FakeClock
from tests.sandbox.conftest import DATA, EXTRA

MINIMAL = """
title: Tiny
region: here
credentials: {token: t0ken}
idempotency: unique_name
errors:
  all:
    internal: {status: 500, body: {error: internal}}
    denied: {status: 401, body: {error: denied}}
    name_taken: {status: 409, body: {error: {code: uniqueness_error, message: "${message}"}}}
endpoints:
  api:
    path: /v1
    errors: all
    auth: {kind: key, header: Authorization, prefix: "Bearer "}
    routes:
      create:
        post: /things
        effect: create
        take: {name: json.name}
        status: 201
        body: {id: "${instance.id}", status: "${instance.status}"}
"""


def written(folder: Path, text: str) -> Path:
    """The folder with a data file `tiny.yaml`."""
    (folder / "tiny.yaml").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("title: Tiny", "titel: Tiny"), "tiny.yaml:2: title is missing|titel is not known"),
        (("errors: all", "errors: none"), "endpoints.api.errors must be one of all"),
        (("post: /things", "fetch: /things"), "routes.create needs one of get, post"),
        (("effect: create", "effect: destroy"), "effect must be one of token, create"),
        (("take: {name: json.name}", "take: {name: 'json.['}"), "take.name .* is not a JMESPath expression"),
        (('id: "${instance.id}"', 'id: "${instance id}"'), "routes.create.body .* is not a reference"),
        (("    internal: {status: 500, body: {error: internal}}\n", ""), "errors.all.internal is missing"),
        (("kind: key", "kind: guess"), "auth.kind must be one of none, token, key, sigv4"),
        (("idempotency: unique_name", "idempotency: maybe"), "idempotency must be one of"),
        (("status: 201", "statuses: 201"), "create.statuses is not known here"),
    ],
)
def test_a_data_file_with_a_mistake_is_refused_with_a_sentence(
    tmp_path: Path, change: tuple[str, str], says: str
) -> None:
    """The file, the line, the place and what would be right."""
    assert change[0] in MINIMAL
    with pytest.raises(SandboxDataRefused, match=says) as refused:
        load_imitation("tiny", written(tmp_path, MINIMAL.replace(*change)))
    assert str(refused.value).startswith(str(tmp_path / "tiny.yaml"))


async def test_a_file_of_ones_own_is_played_without_a_line_of_python(tmp_path: Path, clock: FakeClock) -> None:
    """A stranger's vendor: a key for credentials, names that must be unique."""
    casting = Casting(name="t", use="tiny", character="swift")
    vendor = cast([DATA, EXTRA, written(tmp_path, MINIMAL)], [casting], "s", clock)["t"]

    async def order(header: str) -> int:
        headers = {"authorization": header, "content-type": "application/json"}
        asked = Asked(method="POST", path="/v1/things", headers=headers, body=b'{"name": "n"}')
        return (await vendor.answer(asked)).status

    assert vendor.imitation.idempotency is Idempotency.UNIQUE_NAME
    assert [await order("Bearer wrong"), await order("Bearer t0ken"), await order("Bearer t0ken")] == [401, 201, 409]


def test_a_file_of_ones_own_wins_over_ours(tmp_path: Path) -> None:
    """The last folder counts."""
    (tmp_path / "aws.yaml").write_text(MINIMAL)
    assert load_imitation("aws", DATA, tmp_path).title == "Tiny"
    assert load_imitation("aws", tmp_path, DATA).title == "Amazon EC2"


def test_a_vendor_or_a_character_that_is_not_there_is_told(clock: FakeClock) -> None:
    """With what there is."""
    with pytest.raises(SandboxDataRefused, match="no data file for the vendor moon; there are aws, "):
        load_imitation("moon", DATA)
    with pytest.raises(SandboxDataRefused, match="there is no character moody; there are ideal, steady"):
        cast([DATA], [Casting(name="t", use="aws", character="moody")], "s", clock)
