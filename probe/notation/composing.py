"""The values of a YAML text with their lines: from the parser's events to a tree, within bounds.

PyYAML's own composer recurses as deep as the text says, expands what its aliases say, and loses duplicate keys; this
one stops at a depth and a number of values, and keeps every key.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import yaml

Trail = tuple[str | int, ...]
"""Where a value stands: keys and positions from the top of the document."""

_DEEPEST: Final = 64
_MOST: Final = 200_000
"""Values of a document, those behind aliases counted as often as they are used."""

_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_FLOAT: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,30}(?:[eE][-+]?[0-9]{1,2})?")
_UNWRITABLE: Final = re.compile("[\0\ud800-\udfff]")
"""What double quotes can say and nothing can be done with: no file has it in its name, no terminal shows it."""
_WORDS: Final[Mapping[str, object]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something in a text that a document must not hold.

    Attributes:
        line: where, counted from 1; 0 when it is the file as a whole.
        trail: which value, as far as known.
        problem: what is wrong.
        remedy: what to do about it.
    """

    line: int
    trail: Trail
    problem: str
    remedy: str


class Unreadable(Exception):  # noqa: N818 - the document, not the program, is at fault
    """Raised when what is wrong cannot be skipped over."""

    def __init__(self, event: yaml.Event, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.flaw = Flaw(_line(event), (), problem, remedy)


@dataclass(slots=True)
class Node:
    """A value in the text, before its place in the document is known.

    Attributes:
        line: counted from 1.
        value: of a scalar; otherwise an empty list or mapping, which says what the children make up.
        children: a key (position, in a list), the line that it stands on, and the value.
        size: number of values in it, itself included.
    """

    line: int
    value: object
    children: list[tuple[str | int, int, "Node"]] = field(default_factory=list)
    size: int = 1


class Composer:
    """Makes one tree of values of the parser's events.

    Attributes:
        flaws: what was wrong and could be skipped over.
    """

    def __init__(self) -> None:
        self.flaws: list[Flaw] = []
        self._anchors: dict[str, Node] = {}

    def compose(self, text: str) -> Node:
        """The tree of the first document in *text*.

        Raises:
            Unreadable: it goes beyond what a document may be.
            yaml.YAMLError: it is not YAML.
        """
        events: Iterator[yaml.Event] = iter(yaml.parse(text, yaml.SafeLoader))
        parts = (event for event in events if isinstance(event, (yaml.NodeEvent, yaml.CollectionEndEvent)))
        first = next(parts, None)
        root = Node(1, None) if first is None else self._node(first, events, 1)
        second = next(parts, None)
        if second is not None:
            self._flaw(second, "is a second document", "keep one document in a file, without --- between parts")
        for _ in events:
            pass  # to the end, so that what follows is known to be YAML, too
        return root

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        if depth > _DEEPEST:
            raise Unreadable(event, f"is nested deeper than {_DEEPEST} levels", "flatten it")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        node = self._value(event, events, depth)
        if node.size > _MOST:
            raise Unreadable(event, f"holds more than {_MOST} values", "use fewer aliases, or split it")
        if isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)):
            if event.tag is not None:
                # not told: `password: !What3ver` is a secret that somebody wrote
                self._flaw(event, "has a tag", "remove the word with !, or quote the value: tags have no meaning here")
            if event.anchor is not None:
                self._anchors[event.anchor] = node
        return node

    def _value(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, events, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(event, events, depth)
        if not isinstance(event, yaml.ScalarEvent):
            return Node(_line(event), None)
        self._check(event)
        return Node(_line(event), _scalar(event))

    def _check(self, event: yaml.ScalarEvent) -> None:
        if _UNWRITABLE.search(event.value):
            self._flaw(event, "holds a NUL, or half a character", "remove the escape that says so")

    def _alias(self, event: yaml.AliasEvent) -> Node:
        if event.anchor in self._anchors:
            return self._anchors[event.anchor]
        self._flaw(event, "refers to an anchor that nothing before it has", "quote the value if its * is a part of it")
        return Node(_line(event), None)

    def _sequence(self, start: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        node = Node(_line(start), [])
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            item = self._node(event, events, depth + 1)
            node.children.append((len(node.children), _line(event), item))
            node.size += item.size
        return node

    def _mapping(self, start: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        node = Node(_line(start), {})
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            if not isinstance(event, yaml.ScalarEvent):
                raise Unreadable(event, "has a key that is not text", "write keys as plain words")
            self._check(event)
            item = self._node(next(events), events, depth + 1)
            node.children.append((event.value, _line(event), item))
            node.size += item.size
        return node

    def _flaw(self, event: yaml.Event, problem: str, remedy: str) -> None:
        self.flaws.append(Flaw(_line(event), (), problem, remedy))


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def _scalar(event: yaml.ScalarEvent) -> object:
    """What a scalar stands for; only plain ones are anything but text."""
    text: str = event.value
    if event.style:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
