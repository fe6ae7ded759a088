"""XML as the data that JMESPath works on, read without anything that XML can do to its reader.

Namespaces and attributes are dropped. An element whose children are all `<item>` or `<member>` is a list, and so is
an empty one whose name ends in `Set`, because EC2 writes an empty list as `<reservationSet/>`. Siblings of one name
are a list, too. Everything else is a mapping, and a leaf is text.
"""

from typing import Final
from xml.parsers import expat

_DEEPEST: Final = 64
_MOST: Final = 1_000_000
"""Elements of an answer: a page of a thousand instances has a third of it."""
_ITEMS: Final = frozenset({"item", "member"})
_LIST: Final = "Set"


class XmlRefused(ValueError):  # noqa: N818 - the document, not the program, is at fault
    """Raised for what is not XML, or is XML that nobody may send us."""


class _Element:
    """An element while it is read."""

    __slots__ = ("children", "name", "text")

    def __init__(self, name: str) -> None:
        self.name = name
        self.text: list[str] = []
        self.children: list[tuple[str, object]] = []


def parse_xml(content: bytes) -> object:
    """The content of the root element.

    Raises:
        XmlRefused: it is not XML, has a document type (and so entities), is nested too deep, or has too many elements.
    """
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    parser.StartDoctypeDeclHandler = builder.doctype
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, LookupError) as error:  # LookupError: an encoding that Python does not know
        raise XmlRefused(f"is not XML ({error})") from error
    return builder.root


class _Builder:
    def __init__(self) -> None:
        self.root: object = ""
        self._open: list[_Element] = []
        self._seen = 0

    def start(self, name: str, _attributes: object) -> None:
        if len(self._open) >= _DEEPEST:
            raise XmlRefused(f"is nested deeper than {_DEEPEST} levels")
        self._seen += 1
        if self._seen > _MOST:
            raise XmlRefused(f"has more than {_MOST} elements")
        self._open.append(_Element(name.rpartition(":")[2]))

    def characters(self, text: str) -> None:
        self._open[-1].text.append(text)

    def end(self, _name: str) -> None:
        element = self._open.pop()
        value = _value(element)
        if self._open:
            self._open[-1].children.append((element.name, value))
        else:
            self.root = value

    def doctype(self, *_declaration: object) -> None:
        raise XmlRefused("has a document type, which no answer of an API needs")


def _value(element: _Element) -> object:
    if not element.children:
        text = "".join(element.text).strip()
        return [] if not text and element.name.endswith(_LIST) else text
    if all(name in _ITEMS for name, _ in element.children):
        return [value for _, value in element.children]
    return _mapping(element.children)


def _mapping(children: list[tuple[str, object]]) -> dict[str, object]:
    grouped: dict[str, list[object]] = {}
    for name, value in children:
        grouped.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in grouped.items()}
