"""Text that came from elsewhere, as every database takes it."""


def storable(text: str) -> str:
    """*text* without what PostgreSQL (a zero) or UTF-8 (half a character) refuses; the rest is as it was."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\N{SYMBOL FOR NULL}").encode("utf-8", "replace").decode("utf-8")
