"""What holds for every kind."""

import json
from importlib.metadata import entry_points
from typing import Any

import pytest
from pydantic import BaseModel

from probe.model.outcome import Blame, Outcome
from probe.model.phase import Phase
from probe.probes.kind import Kind

KINDS: dict[str, type[Kind]] = {entry.name: entry.load() for entry in entry_points(group="probe.kinds")}
EVERY = pytest.mark.parametrize("kind", [pytest.param(kind, id=name) for name, kind in sorted(KINDS.items())])
MODELS = [
    pytest.param(model, id=f"{name}-{model.__name__}")
    for name, kind in sorted(KINDS.items())
    for model in (kind.Options, kind.Place)
    if model is not None
]


def test_every_kind_is_there() -> None:
    """The kinds that the configuration may name."""
    assert set(KINDS) == {"api", "dns", "flow", "http", "icmp", "lifecycle", "monitoring", "tcp", "tls"}


@EVERY
def test_a_kind_says_what_it_can_do(kind: type[Kind]) -> None:
    """Its word, its phases in order, and its outcomes; those of the agent are the runner's to add."""
    assert KINDS[kind.kind] is kind
    assert len(set(kind.phases)) == len(kind.phases) > 0
    assert Outcome.OK in kind.outcomes
    assert not {outcome for outcome in kind.outcomes if outcome.blame is Blame.AGENT}
    assert (Phase.ACCEPT in kind.phases) == kind.renting


@pytest.mark.parametrize("model", MODELS)
def test_every_option_is_described_and_has_a_schema(model: type[BaseModel]) -> None:
    """Documents, JSON Schema and complaints are made from the models."""
    schema: dict[str, Any] = model.model_json_schema()
    json.dumps(schema)
    assert schema["additionalProperties"] is False
    assert model.__doc__
    for name, field in model.model_fields.items():
        assert field.description, name
        assert schema["properties"][field.alias or name]["description"] == field.description


@pytest.mark.parametrize("model", MODELS)
def test_what_is_configured_cannot_be_changed(model: type[BaseModel]) -> None:
    """Options are shared by many runs."""
    assert model.model_config["frozen"] is True
