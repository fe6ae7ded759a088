"""Text that others wrote (vendors, servers, certificates): it may be shown, but it must not act."""


def visible(text: str) -> str:
    """*text* with everything that does not show as its escape: line ends, terminal sequences, reordering marks."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)
