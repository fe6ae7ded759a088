"""The page about the sandbox says what there is, and its examples work."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from probe.notation.documents import parse_document
from probe.sandbox import Casting, FaultKind
from probe.sandbox.characters import load_characters, read_fault
from probe.sandbox.imitation import Effect, Mistake
from probe.sandbox.reading import Entry
from probe.sandbox.requests import Asked
from probe.sandbox.sandbox import cast
from tests.fakes.clock import FakeClock
from tests.sandbox.conftest import DATA, EXTRA

PAGE = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text()


def blocks(language: str) -> list[str]:
    """The page's blocks of that language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("word", [*FaultKind, *Effect])
def test_every_fault_and_every_effect_has_a_row(word: str) -> None:
    """Nothing is there that the page does not tell."""
    assert f"\n| `{word}` |" in PAGE


@pytest.mark.parametrize("word", Mistake)
def test_every_mistake_is_named(word: str) -> None:
    """A data file can word all of them."""
    assert word in PAGE


def test_the_fault_is_taken() -> None:
    """As it stands there."""
    (text,) = blocks("json")
    with Entry(parse_document(text, "page")) as entry:
        assert read_fault(entry).kind is FaultKind.ERROR


def test_the_character_can_be_played(tmp_path: Path) -> None:
    """With its weather."""
    (tmp_path / "characters.yaml").write_text(blocks("yaml")[0])
    assert load_characters(tmp_path / "characters.yaml")["moody"].bad == 60.0


async def test_the_vendor_can_be_played(tmp_path: Path, clock: FakeClock) -> None:
    """A whole life: created, listed by its mark, measured, deleted."""
    (tmp_path / "tiny.yaml").write_text(blocks("yaml")[1])
    casting = Casting(name="t", use="tiny", character="swift")
    vendor = cast([DATA, EXTRA, tmp_path], [casting], "s", clock)["t"]

    async def ask(method: str, path: str, body: dict[str, object] | None = None) -> tuple[int, Any]:
        path, _, query = path.partition("?")
        headers = {"authorization": "Bearer made-up", "content-type": "application/json"}
        content = json.dumps(body).encode() if body else b""
        asked = Asked(
            method=method, path=path, raw_path=path, query_string=query, headers=headers, body=content, base="http://h"
        )
        reply = await vendor.answer(asked)
        return reply.status, json.loads(reply.body) if reply.body else None

    status, made = await ask("POST", "/v1/servers", {"name": "n", "labels": {"probe": "ours"}})
    assert (status, made["server"]["state"], "ip" in made["server"]) == (201, "starting", False)
    url = f"/v1/servers/{made['server']['id']}"
    clock.pass_time(1.0)
    assert (await ask("GET", url))[1]["server"]["state"] == "running"
    _, listed = await ask("GET", "/v1/servers?label_selector=probe%3D%3Dours&per_page=1")
    assert ([item["name"] for item in listed["servers"]], listed["next"]) == (["n"], None)
    _, first = await ask("GET", "/v1/servers?per_page=1")
    assert first["next"] == "http://h/v1/servers?per_page=1&after=tiny-00000001"
    assert (await ask("GET", "/v1/servers/tiny-00000001/load"))[0] == 200
    assert (await ask("DELETE", url))[0] == 204
    clock.pass_time(2.0)
    assert (await ask("GET", url))[0] == 404
