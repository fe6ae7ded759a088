from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from probe.notation.documents import read_document
from probe.settings import packaged, schema
from probe.settings.plugins import kinds

BAD = Path(__file__).parent / "bad"
WHOLE = schema()
VALIDATOR = Draft202012Validator(WHOLE)


def described(node: Any, place: str = "") -> list[str]:
    """Where in a schema a key has no description."""
    missing = []
    for key, value in node.get("properties", {}).items():
        if "description" not in value and "const" not in value:
            missing.append(f"{place}.{key}")
    return missing


def test_the_schema_is_one() -> None:
    """Of the draft that it names; every reference in it leads somewhere."""
    Draft202012Validator.check_schema(WHOLE)
    references = set(find_references(WHOLE))
    assert references <= {f"#/$defs/{name}" for name in WHOLE["$defs"]}


def find_references(node: object) -> list[str]:
    """Every `$ref` in a schema."""
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for value in node.values() for found in find_references(value)]
    return [found for item in node for found in find_references(item)] if isinstance(node, list) else []


@pytest.mark.parametrize("file", [packaged("config") / "probe.yaml", Path(__file__).parent / "sample.yaml"], ids=str)
def test_good_configurations_are_good_for_the_schema(file: Path) -> None:
    """The packaged one and the design's sample."""
    assert [error.message for error in VALIDATOR.iter_errors(read_document(file).data)] == []


def test_there_are_probes_or_there_is_a_blackbox() -> None:
    """An agent with neither would do nothing."""
    assert VALIDATOR.is_valid({"blackbox": "blackbox.yml"})
    assert not VALIDATOR.is_valid({"probes": []})
    assert not VALIDATOR.is_valid({"agent": {"name": "fra-1"}})


def test_every_kind_has_its_options_in_it() -> None:
    """With the kind's own descriptions."""
    alternatives = WHOLE["properties"]["probes"]["items"]["oneOf"]
    assert [alternative["$ref"].rpartition("_")[2] for alternative in alternatives] == list(kinds().names)
    assert "size" in WHOLE["$defs"]["lifecycle_options"]["properties"]


def test_every_key_is_described() -> None:
    """The schema is what an editor shows."""
    assert described(WHOLE) == []
    assert [place for name, node in WHOLE["$defs"].items() for place in described(node, name)] == []


@pytest.mark.parametrize(
    "name",
    [
        *("agent-name", "agent-unknown-key", "allow-unknown", "credential-literal", "credential-two-origins", "detail"),
        *(
            "every-without-unit",
            "every-no-duration",
            "guard-zero",
            "listen",
            "log-level",
            "no-probes",
            "objective-percentage",
        ),
        *("option-missing", "option-type", "option-unknown", "probe-kind", "probe-without-every", "probes-as-mapping"),
        *("proxy", "control-unknown-key", "target-port", "targets-missing", "targets-of-vendor-probe"),
        *("unknown-section", "vendor-name", "vendor-without-region", "vendors-as-text", "vendors-of-own-target"),
    ],
)
def test_mistakes_that_one_value_shows_are_mistakes_for_the_schema(name: str) -> None:
    """An editor finds them while one writes."""
    assert list(VALIDATOR.iter_errors(read_document(BAD / f"{name}.yaml").data))
