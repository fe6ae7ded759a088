"""The JSON Schema of the configuration: what editors complete and check before `probe check` does."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from probe.probes.kind import Kind
from probe.settings.fields import json_schema
from probe.settings.plugins import Kinds, kinds
from probe.settings.shape.probes import Probe
from probe.settings.shape.whole import Whole

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TARGETED: Final = "targets"
_VENDORED: Final = "vendors"


def schema(installed: Kinds | None = None) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the configuration with every kind in *installed*, or that is installed.

    Raises:
        Wrong: a plug-in that is installed cannot be loaded.
    """
    plugins = installed or kinds()
    whole = json_schema(Whole)
    definitions: dict[str, Any] = whole.pop("$defs")
    common = definitions.pop(Probe.__name__)
    alternatives = []
    for name in plugins.names:
        definitions[f"probe_{name}"] = _probe(common, name, plugins.load(name), definitions)
        alternatives.append({"$ref": f"#/$defs/probe_{name}"})
    whole["properties"]["probes"]["items"] = {"oneOf": alternatives}
    about = {"title": "Configuration of probe", "description": "what to measure, on whom, how often; docs/settings.md"}
    return {"$schema": _DIALECT, **whole, **about, "$defs": definitions}


def _probe(common: Mapping[str, Any], name: str, kind: type[Kind], definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of an item of `probes:` of this kind; what it refers to is put into *definitions*."""
    properties = dict(common["properties"])
    options = _adopted(kind.Options, f"{name}_options", definitions)
    properties["kind"] = {**properties["kind"], "const": name}
    properties["options"] = {**options, "description": properties["options"]["description"]}
    required = [*common["required"], _VENDORED if kind.Place is None else _TARGETED]
    if definitions[f"{name}_options"].get("required"):
        required.append("options")
    if kind.Place is None:
        del properties[_TARGETED]
    else:
        place = _adopted(kind.Place, f"{name}_target", definitions)
        description = properties[_TARGETED]["description"]
        properties[_TARGETED] = {"type": "array", "items": place, "minItems": 1, "description": description}
        del properties[_VENDORED]
    described = (kind.__doc__ or "").strip().partition("\n")[0]
    return {**common, "title": name, "description": described, "properties": properties, "required": required}


def _adopted(model: type[BaseModel], name: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """A reference to the schema of *model*, which is put into *definitions* with all that it refers to."""
    own = json_schema(model, f"#/$defs/{name}_{{model}}")
    inner = own.pop("$defs", {})
    definitions[name] = own
    definitions.update({f"{name}_{key}": value for key, value in inner.items()})
    return {"$ref": f"#/$defs/{name}"}
