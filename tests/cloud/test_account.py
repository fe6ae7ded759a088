"""What must be known of an account, and is no secret."""

from typing import Any

import pytest

from probe.cloud import VendorEntry, entry_complaints
from probe.cloud.file.checks import flaws
from probe.cloud.hosts import HostRefused
from tests.cloud.entries import Scene, acme
from tests.fakes.vendor import answer

FACTS: dict[str, Any] = {
    "account": {
        "project": {"description": "the project's id"},
        "group": {"description": "a group", "default": "default"},
        "team": {"description": "a team", "required": False},
    },
    "endpoints": {"api": {"url": "https://${region}.acme.example/p/${account.project}"}},
    "reads": {
        "probe": {
            "description": "pings",
            "get": "api:/groups/${account.group}",
            "query": {"team": "${account.team}", "in": "${account.project}"},
        }
    },
}


def placed(**account: str) -> VendorEntry:
    """An entry with *account*."""
    return acme(facts=account, **FACTS)


async def test_facts_of_the_account_stand_in_urls_and_calls() -> None:
    """Each quoted for its place; what is optional and not given is left out."""
    scene = Scene(placed(project="example.com:shop/1"), answer(200, {}))
    await scene.cloud.read("probe", scene.watch)
    assert str(scene.wire.asked[0].url) == (
        "https://north.acme.example/p/example.com%3Ashop%2F1/groups/default?in=example.com%3Ashop%2F1"
    )


def told(chosen: VendorEntry) -> list[str]:
    """What is wrong with an entry."""
    return [f"{'.'.join(trail)}: {problem}; {remedy}" for trail, problem, remedy in entry_complaints(chosen)]


@pytest.mark.parametrize(
    ("account", "complaints"),
    [
        ({"project": "p"}, []),
        ({}, ["account.project: is missing; add it: the project's id"]),
        (
            {"project": "p", "colour": "red"},
            ["account.colour: acme knows no `colour` of an account; choose one of project, group, team"],
        ),
        ({"project": ".."}, ["account.project: account.project `..` cannot be part of a URL's path; correct it"]),
    ],
)
def test_what_is_missing_or_unknown_is_told_once(account: dict[str, str], complaints: list[str]) -> None:
    """With what it is and where one finds it."""
    assert told(placed(**account)) == complaints


@pytest.mark.parametrize("value", ["evil.example/", "a.b", "a b", "", "@x"])
def test_a_fact_leads_no_url_to_another_host(value: str) -> None:
    """In a host's name it is one label."""
    file = FACTS | {"endpoints": {"api": {"url": "https://${account.project}.acme.example"}}}
    with pytest.raises(HostRefused, match="host's name"):
        acme(facts={"project": value}, **file).url("api")


def test_a_fact_that_nothing_uses_is_refused() -> None:
    """A key without effect would be a promise."""
    file = acme(**(FACTS | {"endpoints": {"api": {"url": "https://acme.example/${account.zone}"}}})).file
    said = [f"{'.'.join(map(str, trail))}: {problem}" for trail, problem, _ in flaws(file)]
    assert "endpoints.api.url: `${account.zone}` has no value here" in said
    unused = acme(**(FACTS | {"reads": {"probe": {"description": "p", "get": "api:/"}}})).file
    assert "account.team: nothing uses it" in [f"{'.'.join(map(str, t))}: {p}" for t, p, _ in flaws(unused)]


def test_an_account_is_not_known_by_what_nobody_can_say() -> None:
    """A slip of the pen would make all accounts one."""
    file = acme(identified_by=["token", "project", "projekt"], **FACTS).file
    ((trail, problem, remedy),) = (flaw for flaw in flaws(file) if flaw[0][0] == "identified_by")
    assert trail == ("identified_by", 2)
    assert problem == "`projekt` is neither a credential nor a fact of `account`"
    assert remedy == "write one of: group, project, team, token"
