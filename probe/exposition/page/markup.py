"""HTML that cannot be broken by what is in it: text is escaped unless it was made here."""

import html

from probe.exposition.untrusted import visible


class Markup(str):
    """HTML that is safe to send as it is."""

    __slots__ = ()


def text(words: str) -> Markup:
    """*words* as HTML; whatever was in them shows and does nothing."""
    return Markup(html.escape(visible(words)))


def join(*parts: str) -> Markup:
    """*parts* one after the other; those that are not markup are escaped."""
    return Markup("".join(part if isinstance(part, Markup) else text(part) for part in parts))


def el(name: str, *content: str, **attributes: str) -> Markup:
    """The element *name* around *content*; `class_` is the attribute class, `aria_label` is aria-label."""
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(value)}"' for key, value in attributes.items() if value
    )
    return Markup(f"<{name}{told}>{join(*content)}</{name}>")
