"""How a value can be wrong, in a sentence for each way: pydantic's word for it, what is wrong, what to do."""

from collections.abc import Mapping
from typing import Any, Final

_LIST: Final = ("must be a list", "write [a, b]")
_MAPPING: Final = ("must be a mapping", "write {{key: value}}")
_TEXT: Final = ("must be text", "put it in quotes, if it is meant as text")
_WHOLE: Final = ("must be a whole number", "write 3")
_NUMBER: Final = ("must be a number", "write 0.5")
_SWITCH: Final = ("must be true or false", "write true")
_FEW: Final = ("has too few parts (at least {min_length})", "add some, or remove the key")
_MANY: Final = ("has too many parts (at most {max_length})", "remove some")

_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type", "iterable_type"), _LIST),
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "model_attributes_type"), _MAPPING),
    **dict.fromkeys(("string_type", "path_type", "url_type"), _TEXT),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), _WHOLE),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), _NUMBER),
    **dict.fromkeys(("bool_type", "bool_parsing"), _SWITCH),
    **dict.fromkeys(("literal_error", "enum"), ("must be {expected}", "choose one of them")),
    "is_instance_of": ("must be a secret", "write {{env: NAME}} or {{file: PATH}}"),
    "greater_than": ("must be more than {gt}", "choose a larger one"),
    "greater_than_equal": ("must be at least {ge}", "choose a larger one"),
    "less_than": ("must be less than {lt}", "choose a smaller one"),
    "less_than_equal": ("must be at most {le}", "choose a smaller one"),
    "string_too_short": ("is too short (at least {min_length})", "write more characters"),
    "string_too_long": ("is too long (at most {max_length})", "write fewer characters"),
    "string_pattern_mismatch": ("does not match {pattern}", "write it with these characters"),
    "too_short": _FEW,
    "too_long": _MANY,
    "union_tag_not_found": ("does not say which {discriminator} it is", "add {discriminator}"),
    "union_tag_invalid": ("has an unknown {discriminator}", "there is: {expected_tags}"),
}


def worded(kind: str, context: Mapping[str, Any]) -> tuple[str, str] | None:
    """What is wrong and what to do where pydantic says *kind*; *context* holds its limits. None if nobody knows."""
    if kind not in _SENTENCES:
        return None
    problem, remedy = _SENTENCES[kind]
    return problem.format_map(context), remedy.format_map(context)
