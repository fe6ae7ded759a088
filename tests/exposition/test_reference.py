import re

import pytest

from probe.exposition.families import FAMILIES, Type
from tests.exposition.reference import PAGE, written
from tests.exposition.serving import served
from tests.servers.prometheus import StartPrometheus


def test_every_family_is_documented_as_it_is_declared() -> None:
    """`python -m tests.exposition.reference` writes the tables anew."""
    page = PAGE.read_text("utf-8")
    assert page == written(page)


def test_the_page_names_no_metric_that_does_not_exist() -> None:
    """An example with a typing error yields an empty graph."""
    known = {family.name for family in FAMILIES}
    for family in FAMILIES:
        if family.type in {Type.HISTOGRAM, Type.SUMMARY}:
            known |= {f"{family.name}_{suffix}" for suffix in ("bucket", "sum", "count")}
    named = set(re.findall(r"\b(?:stability|probe)_[a-z_]+[a-z]\b", PAGE.read_text("utf-8")))
    assert named <= known


@pytest.mark.servers
async def test_every_example_runs_on_a_real_prometheus(prometheus: StartPrometheus) -> None:
    """What is printed can be pasted."""
    examples = re.findall(r"```promql\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert len(examples) >= 6
    async with served() as server:
        real = await prometheus(server.host)
        await real.eventually("up == 1")
        for example in examples:
            await real.query(example)
