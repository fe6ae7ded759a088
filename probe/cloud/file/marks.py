"""The marks of ownership as data: how a vendor wants them written, and how it shows them."""

import re
from collections.abc import Mapping
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from probe.cloud.file.fields import Jmespath, Pattern, Strict, Text, TextTemplate
from probe.notation.templates import Template

MARK_AGENT: Final = "stability-probe"
"""Carries the agent's id; what lacks this mark is not ours."""
MARK_RUN: Final = "stability-probe-run"
MARK_LEASE: Final = "stability-probe-lease"
MARK_EXPIRES: Final = "stability-probe-expires"

_PARTS: Final = frozenset({"key", "value"})


class MarkKeys(Strict):
    """What the keys of our marks are called where a vendor limits their length or their letters."""

    agent: Text = Field(MARK_AGENT, description="the mark with the agent's id")
    run: Text = Field(MARK_RUN, description="the mark with the run's id")
    lease: Text = Field(MARK_LEASE, description="the mark with the lease, which is the instance's name")
    expires: Text = Field(MARK_EXPIRES, description="the mark with the end of the lease, in seconds since 1970")

    @model_validator(mode="after")
    def _all_different(self) -> Self:
        if len(set(self.written.values())) != len(self.written):
            raise ValueError("two marks have the same key")
        return self

    @property
    def written(self) -> Mapping[str, str]:
        """The key at the vendor of each of our marks."""
        return {MARK_AGENT: self.agent, MARK_RUN: self.run, MARK_LEASE: self.lease, MARK_EXPIRES: self.expires}


class WrittenMarks(Strict):
    """How `${marks}` is written."""

    style: Literal["map", "pairs", "tags"] = Field(
        alias="as", description="a mapping, a list of pairs, or a list of texts"
    )
    key: Text = Field("key", description="of pairs: what the key is called")
    value: Text = Field("value", description="of pairs: what the value is called")
    template: TextTemplate = Field(
        Template.parse("${key}=${value}"), description="of tags: the text of one, made of `${key}` and `${value}`"
    )
    keys: MarkKeys = Field(MarkKeys.model_validate({}), description="what the keys are called at this vendor")
    name: Text | None = Field(None, description="a mark that carries the instance's name, where a name is a mark")

    @model_validator(mode="after")
    def _whole_template(self) -> Self:
        if self.template.names != _PARTS:
            raise ValueError("`template` must be made of `${key}` and `${value}`, both of them and nothing else")
        return self


class ReadMarks(Strict):
    """How marks are read from an item: a mapping, pairs (with `key` and `value`), or texts (with a `pattern`)."""

    at: Jmespath = Field(description="finds them in the item")
    key: Text | None = Field(None, description="of pairs: what the key is called")
    value: Text | None = Field(None, description="of pairs: what the value is called")
    pattern: Pattern | None = Field(
        None, description="of texts: what one looks like as a whole, with groups called `key` and `value`"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.key is None) != (self.value is None):
            raise ValueError("pairs need `key` and `value`")
        if self.pattern is None:
            return self
        if self.key is not None:
            raise ValueError("has a `pattern` for texts, and `key` and `value` for pairs: marks are one of them")
        if not self.pattern.groupindex.keys() >= _PARTS:
            raise ValueError("`pattern` needs the groups `(?P<key>…)` and `(?P<value>…)`")
        return self


def read_text(pattern: re.Pattern[str], text: str) -> tuple[str, str] | None:
    """Key and value of the mark that *text* is; None if it is none."""
    found = pattern.fullmatch(text)
    return (found["key"], found["value"]) if found is not None else None
