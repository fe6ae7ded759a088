"""Loads the data file of a pretend vendor; whatever it says wrongly is told by a sentence, with file and line.

`docs/sandbox.md` explains the format; `config/sandbox/*.yaml` are its examples. A file of the same name in a user's
folder wins over ours.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from probe.notation.documents import DocumentRefused, read_document
from probe.notation.paths import Query, compile_path
from probe.sandbox.assertions import new_key_file
from probe.sandbox.bodies import Body, BodyRefused, as_json, as_xml, compile_body
from probe.sandbox.identifiers import IdKind, Ids
from probe.sandbox.imitation import (
    Answer,
    Check,
    Effect,
    Endpoint,
    Idempotency,
    Imitation,
    Mistake,
    Resident,
    Route,
)
from probe.sandbox.instances import Life
from probe.sandbox.reading import Entry, SandboxDataRefused
from probe.sandbox.requests import Extract, Finder
from probe.sandbox.works import Stage, WorkStyle

CHARACTERS: Final = "characters"
"""The file beside the vendors' that says what they are like."""
METHODS: Final = ("get", "post", "put", "patch", "delete")


def load_imitation(name: str, *folders: Path) -> Imitation:
    """The pretend vendor that has a file called *name* in *folders*; a later folder wins.

    Raises:
        SandboxDataRefused: there is no such file, or it cannot be read or played.
    """
    files = {file.stem: file for folder in folders for file in sorted(folder.glob("*.yaml"))}
    files.pop(CHARACTERS, None)
    if name not in files:
        raise SandboxDataRefused(f"there is no data file for the vendor {name}; there are {', '.join(files) or 'none'}")
    return _load(files[name], files[name].stat().st_mtime_ns)


@lru_cache(maxsize=32)
def _load(file: Path, changed: int) -> Imitation:
    """The file's imitation; kept, because a sandbox is started for many a test, until the file has *changed*."""
    del changed
    try:
        document = read_document(file)
    except DocumentRefused as error:
        raise SandboxDataRefused(str(error)) from None
    with Entry(document) as entry:
        return _imitation(file.stem, entry)


def _imitation(name: str, entry: Entry) -> Imitation:
    shapes = entry.entry("shapes").data
    errors = {family: _errors(kinds, shapes) for family, kinds in entry.entries("errors")}
    with entry.entry("rate") as rate:
        limit, window = int(rate.number("limit", 0)), rate.seconds("window", 3600.0)
    return Imitation(
        name=name,
        title=entry.text("title"),
        region=entry.text("region"),
        credentials=_credentials(entry),
        account=entry.texts("account"),
        network=entry.entry("network").data,
        monitored=entry.entry("monitored").data,
        facts=entry.entry("facts").data,
        ids=_ids(entry),
        lingers=entry.seconds("lingers"),
        idempotency=Idempotency(entry.word("idempotency", Idempotency) or Idempotency.NONE),
        delete_again=bool(entry.raw("delete_again", True)),
        quota=int(entry.number("quota", 100)),
        states=_states(entry),
        works=_works(entry),
        rate=limit,
        window=window,
        period=entry.seconds("period", 60.0),
        series=tuple(entry.words("series")),
        waits=bool(entry.raw("waits", False)),
        belongings={kind: _own_ids(item) for kind, item in entry.entries("belongings")},
        residents=tuple(_resident(item) for item in entry.items("residents")),
        endpoints=tuple(_endpoint(key, item, shapes, errors) for key, item in entry.entries("endpoints")),
    )


def _credentials(entry: Entry) -> dict[str, str]:
    """What is made up in the file; of a mapping, a key file with that in it is made."""
    found: dict[str, str] = {}
    with entry.entry("credentials") as credentials:
        for name, value in credentials.data.items():
            found[name] = new_key_file(credentials.texts(name)) if isinstance(value, dict) else credentials.text(name)
    return found


def _ids(entry: Entry) -> Ids:
    with entry.entry("ids") as ids:
        digits = int(ids.number("digits", 0))
        kind = ids.word("kind", IdKind) or (IdKind.HEX if digits else IdKind.UUID)
        return Ids(kind=IdKind(kind), prefix=ids.text("prefix", ""), digits=digits)


def _works(entry: Entry) -> WorkStyle:
    with entry.entry("works") as works:
        return WorkStyle(
            ids=_ids(works),
            words={stage: works.raw(stage.value, stage.value) for stage in Stage},
            starts_apart=bool(works.raw("starts_apart", False)),
            asked_for="works" in entry,
        )


def _own_ids(entry: Entry) -> Ids:
    with entry:
        return _ids(entry)


def _states(entry: Entry) -> dict[Life, object]:
    with entry.entry("states") as states:
        return {life: states.raw(life.value, life.value) for life in Life if life is not Life.GONE}


def _resident(entry: Entry) -> Resident:
    with entry:
        return Resident(instance_id=entry.text("id"), name=entry.text("name"), marks=entry.texts("marks"))


def _errors(entry: Entry, shapes: Mapping[str, object]) -> dict[Mistake, Answer]:
    found = {}
    with entry:
        for mistake in Mistake:
            if mistake.value in entry:
                with entry.entry(mistake.value) as answer:
                    found[mistake] = _answer(answer, shapes)
    if Mistake.INTERNAL not in found:
        raise entry.wrong(Mistake.INTERNAL, "is missing; say how the vendor tells its own errors")
    return found


def _answer(entry: Entry, shapes: Mapping[str, object]) -> Answer:
    raw = entry.raw("body")
    return Answer(
        status=int(entry.number("status", 200)),
        headers=_headers(entry, shapes),
        body=None if raw is None else _body(entry, "body", raw, shapes),
        build_failure=entry.text("build_failure", ""),
        build_code=entry.text("build_code", ""),
    )


def _headers(entry: Entry, shapes: Mapping[str, object]) -> dict[str, Body]:
    return {name: _body(entry, "headers", text, shapes) for name, text in entry.texts("headers").items()}


def _body(entry: Entry, key: str, raw: object, shapes: Mapping[str, object]) -> Body:
    try:
        return compile_body(raw, shapes)
    except BodyRefused as error:
        raise entry.wrong(key, str(error)) from None


def _endpoint(
    name: str, entry: Entry, shapes: Mapping[str, object], errors: Mapping[str, Mapping[Mistake, Answer]]
) -> Endpoint:
    with entry:
        family = entry.word("errors", errors)
        if family is None:
            raise entry.wrong("errors", f"is missing; use one of {', '.join(errors)}")
        xml = entry.word("answers", ("json", "xml")) == "xml"
        path = entry.text("path").rstrip("/")
        routes = tuple(_route(key, item, path, shapes) for key, item in entry.entries("routes"))
        with entry.entry("auth") as auth:
            return Endpoint(
                name=name,
                path=path,
                write=as_xml if xml else as_json,
                content_type=entry.text("content_type", "text/xml;charset=UTF-8" if xml else "application/json"),
                check=Check(auth.word("kind", Check) or Check.NONE),
                header=auth.text("header", "x-auth-token").lower(),
                prefix=auth.text("prefix", ""),
                headers=_headers(entry, shapes),
                errors=errors[family],
                routes=routes,
                overrides=bool(entry.raw("overrides", False)),
            )


def _route(name: str, entry: Entry, base: str, shapes: Mapping[str, object]) -> Route:
    with entry, entry.entry("take") as take:
        method = next((word for word in METHODS if word in entry), None)
        if method is None:
            raise entry.refusal(entry.trail, f"needs one of {', '.join(METHODS)} with a path")
        return Route(
            name=name,
            effect=Effect(entry.word("effect", Effect) or Effect.STATIC),
            method=method.upper(),
            pattern=_pattern(base + entry.text(method)),
            form=entry.texts("form"),
            headers={key.lower(): value for key, value in entry.texts("when_headers").items()},
            json=entry.texts("when_json"),
            take={word: _taken(take, word) for word in take.data},
            accepts=tuple(_accepted(item) for item in entry.items("accepts")),
            lifetime=entry.seconds("lifetime", 3600.0),
            filters=entry.texts("filters"),
            marker=entry.text("marker", "marker"),
            most=int(entry.number("most", 1000)),
            newest_first=bool(entry.raw("newest_first", False)),
            only=_lives(entry),
            leaves=tuple(entry.words("leaves")),
            kind=entry.text("kind", ""),
            answer=_answer(entry, shapes),
        )


def _taken(take: Entry, word: str) -> Finder:
    """Where *word* stands: a path, or with a pattern the part of the text there that its group is."""
    if isinstance(take.raw(word), str):
        return _query(take, word, take.text(word))
    with take.entry(word) as part:
        text = part.text("pattern")
        try:
            pattern = re.compile(text)
        except re.error as error:
            raise part.wrong("pattern", f"is no regular expression ({error})") from None
        if pattern.groups != 1:
            raise part.wrong("pattern", "must have one group, which is what is taken")
        return Extract(_query(part, "at", part.text("at")), pattern)


def _lives(entry: Entry) -> frozenset[Life]:
    words = entry.words("only")
    for word in words:
        if word not in set(Life):
            raise entry.wrong("only", f"{word} is no state of an instance; there are {', '.join(Life)}")
    return frozenset(Life(word) for word in words)


def _accepted(entry: Entry) -> dict[str, Query]:
    return {word: _query(entry, word, entry.text(word)) for word in entry.data}


def _query(entry: Entry, key: str, text: str) -> Query:
    try:
        return compile_path(text)
    except ValueError as error:
        raise entry.wrong(key, str(error)) from None


def _pattern(path: str) -> re.Pattern[str]:
    """`/servers/{id}` as a pattern that captures `id`; a slash at the end makes no difference."""
    parts = re.split(r"\{(\w+)\}", path.rstrip("/"))
    texts = (re.escape(part) if position % 2 == 0 else f"(?P<{part}>[^/]+)" for position, part in enumerate(parts))
    return re.compile("".join(texts) + "/?")
