"""Vendor files: what is accepted, and the sentence for what is not."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from probe.cloud import (
    Capability,
    VendorFile,
    VendorFileRefused,
    load_vendor_file,
    load_vendor_files,
    vendor_file_schema,
)
from tests.cloud.entries import ACME, ACME_INSTANCES, FILES, VENDORS, written


def saved(folder: Path, content: object, name: str = "acme") -> Path:
    """*content* as a vendor file in *folder*."""
    path = folder / f"{name}.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False))
    return path


def complaints(path: Path) -> list[str]:
    """What is said of the file at *path*, without its folder."""
    with pytest.raises(VendorFileRefused) as refused:
        load_vendor_file(path)
    return [str(complaint).removeprefix(f"{path.parent}/") for complaint in refused.value.complaints]


ABSENT = {
    "lifecycle": "rents nothing",
    "monitoring.instance": "shows nothing",
    "monitoring.series": "shows nothing",
}
GOOD: dict[str, Any] = {**ACME, "absent": ABSENT}


def test_the_packaged_files_load() -> None:
    """Each of them rents, can be asked something cheap, and bears its vendor's name."""
    for name, file in FILES.items():
        assert file.vendor == name
        assert file.has(Capability.LIFECYCLE)
        assert "probe" in file.read_operations()


def test_a_small_file_loads(tmp_path: Path) -> None:
    """What a vendor lacks is said, with the reason, and nothing else is needed."""
    assert load_vendor_file(saved(tmp_path, GOOD)).read_operations() == ("probe",)


def test_files_of_later_folders_win(tmp_path: Path) -> None:
    """A user's own file replaces ours of the same name, and adds what we have not."""
    mine = written("aws") | {"title": "Mine"}
    saved(tmp_path, mine, "aws")
    saved(tmp_path, GOOD)
    files = load_vendor_files(VENDORS, tmp_path)
    assert (files["aws"].title, files["acme"].title, files["openstack"].title) == ("Mine", "Acme", "OpenStack")


def test_everything_wrong_in_all_files_is_told_at_once(tmp_path: Path) -> None:
    """One look is enough to mend them all."""
    saved(tmp_path, GOOD | {"colour": "red", "auth": {"kind": "kerberos"}})
    saved(tmp_path, "vendor: [", "other")
    with pytest.raises(VendorFileRefused) as refused:
        load_vendor_files(tmp_path)
    assert {Path(complaint.file).name for complaint in refused.value.complaints} == {"acme.yaml", "other.yaml"}


def probe(**changes: object) -> dict[str, Any]:
    """A file whose read `probe` says something else."""
    return GOOD | {"reads": {"probe": {"description": "pings", "get": "api:/ping"} | changes}}


def api(**changes: object) -> dict[str, Any]:
    """A file whose endpoint `api` says something else."""
    return GOOD | {"endpoints": {"api": {"url": "https://api.acme.example/v1"} | changes}}


def without(content: dict[str, Any], key: str) -> dict[str, Any]:
    """*content* without *key*."""
    return {name: value for name, value in content.items() if name != key}


BAD: list[tuple[dict[str, Any], str]] = [
    (GOOD | {"colour": "red"}, "acme.yaml:{line}: colour: is unknown here; correct its spelling, or remove it"),
    (without(GOOD, "title"), "acme.yaml:1: title: is missing; add it"),
    (GOOD | {"vendor": "Acme!"}, "vendor: does not match ^[a-z]"),
    (
        GOOD | {"vendor": "other"},
        "acme.yaml:1: vendor: the file is called acme.yaml; call one of them",
    ),
    (GOOD | {"auth": {"kind": "kerberos"}}, "auth.kind: there is no auth kind `kerberos`; choose one of bearer"),
    (GOOD | {"auth": {"kind": "bearer", "options": {"a": 1}}}, "auth.options.a: is unknown here; correct"),
    (probe(get="nowhere:/ping"), "reads.probe.get: there is no endpoint `nowhere`; choose one of api"),
    (probe(get="/ping"), "reads.probe: a call goes to `endpoint:/path`"),
    (probe(get="api:ping"), "reads.probe: a call goes to `endpoint:/path`"),
    (probe(post="api:/ping"), "reads.probe: needs exactly one of get, post, put, patch, delete, and has 2"),
    (probe(get="api:/ping/${id}"), "reads.probe.get: `${id}` has no value here; choose one of mark, region"),
    (probe(get="api:/ping/${id"), "reads.probe.get: `api:/ping/${id` has a `${` without its `}`"),
    (probe(query={"a": "${b c}"}), "reads.probe.query: `${b c}` is not a reference"),
    (probe(query={"a": "to-$region"}), "reads.probe.query: `$region` is sent as it stands; write `${region}`"),
    (probe(query=["a"]), "reads.probe.query: must be a mapping"),
    (GOOD | {"reads": ["probe"]}, "reads: must be a mapping; write {key: value}"),
    (GOOD | {"request_id": "x-id"}, "request_id: must be a list; write [a, b]"),
    (
        GOOD | {"credentials": {"key": {"description": "a key", "required": {"api_key": "it"}}}},
        "credentials.key.required: bearer sends `token`, and it is not there; add it",
    ),
    (probe(query={"a": "${secret}"}), "reads.probe.query: `${secret}` has no value here"),
    (probe(json={}, form={}), "reads.probe: has `json` and `form`: a request has one body"),
    (probe(complaint="a.["), "reads.probe.complaint: `a.[` is not a JMESPath expression"),
    (probe(expect=["fine"]), "reads.probe.expect[0]: must be a whole number; write 3"),
    (api(catalog={"type": "compute"}), "endpoints.api: needs exactly one of `url`, `catalog` and `given: true`"),
    (GOOD | {"endpoints": {"api": {"catalog": {"type": "x"}}}}, "endpoints.api.catalog: bearer brings no catalog"),
    (api(sign_as="s3"), "endpoints.api.sign_as: bearer does not sign; remove it"),
    (api(url="https://${id}.example"), "endpoints.api.url: `${id}` has no value here"),
    (api(form={"Version": 1}), "endpoints.api.form: no call to this endpoint sends a form; remove it"),
    (api(codec="cbor"), "endpoints.api.codec: must be 'json' or 'xml'; choose one of them"),
    (
        GOOD | {"endpoints": {**GOOD["endpoints"], "spare": {"url": "https://x.example"}}},
        "endpoints.spare: no call goes there",
    ),
    (GOOD | {"auth": {"kind": "rax_v2"}}, "endpoints: rax_v2 needs an endpoint `auth`; add it"),
    (GOOD | {"auth": {"kind": "sigv4"}}, "endpoints.api: sigv4 must know the service; add `sign_as`"),
    (GOOD | {"errors": {"rules": [{"is": "quota"}]}}, "errors.rules[0]: fits every error"),
    (
        GOOD | {"errors": {"rules": [{"status": 400, "is": "wrong"}]}},
        "errors.rules[0].is: must be 'not_found'",
    ),
    (GOOD | {"errors": {"rules": [{"message": "(", "is": "quota"}]}}, "errors.rules[0].message: `(` is not a regular"),
    (GOOD | {"absent": {}}, "nothing is said of `lifecycle`; say how it is used, or why it is absent"),
    (GOOD | {"absent": {"teleport": "no"}}, "absent.teleport: must be 'lifecycle'"),
    (GOOD | {"network": {"options": {"a": {"description": "x"}}}}, "network.options.a: no call sends it"),
    (GOOD | {"network": {"reach_needs": ["b"]}}, "network.reach_needs[0]: there is no network option `b`"),
    (
        GOOD | {"profiles": {"p": {"title": "P", "docs": "d", "endpoints": {"x": "https://x.example"}}}},
        "profiles.p.endpoints.x: there is no endpoint `x`",
    ),
    (
        GOOD | {"profiles": {"p": {"title": "P", "docs": "d", "credentials": {"x": "y"}}}},
        "profiles.p.credentials.x: there is no credential `x`; choose one of token",
    ),
]


@pytest.mark.parametrize(("content", "sentence"), BAD, ids=[sentence[:50] for _, sentence in BAD])
def test_a_mistake_is_told_with_its_place(tmp_path: Path, content: dict[str, Any], sentence: str) -> None:
    """File, line, path, problem and remedy: one sentence for each mistake."""
    path = saved(tmp_path, content)
    lines = path.read_text().splitlines()
    colour = next((number for number, text in enumerate(lines, 1) if text.startswith("colour")), 0)
    wanted = sentence.replace("{line}", str(colour))
    assert any(wanted in said for said in complaints(path)), complaints(path)


def test_what_follows_from_a_mistake_is_not_told_as_another(tmp_path: Path) -> None:
    """A list whose only item cannot be read is not empty as well."""
    states = {"ready": ["state = 'on'"]}
    saved(tmp_path, GOOD | {"instances": {**ACME_INSTANCES, "states": states}, "absent": {}})
    with pytest.raises(VendorFileRefused) as refused:
        load_vendor_files(tmp_path)
    (complaint,) = refused.value.complaints
    assert complaint.path == "instances.states.ready[0]"


def test_a_mistake_in_what_may_be_one_or_several_is_told_by_the_documents_own_path(tmp_path: Path) -> None:
    """One way to delete is no list, and has no number."""
    content = written("openstack") | {"vendor": "acme"}
    content["instances"]["delete"] = {"delete": "api:/servers/${name}"}
    path = saved(tmp_path, content)
    (told,) = [said for said in complaints(path) if "delete" in said]
    line = next(n for n, text in enumerate(path.read_text().splitlines(), 1) if "delete: api:/servers/${name}" in text)
    assert told.startswith(f"acme.yaml:{line}: instances.delete.delete: `${{name}}` has no value here")
    content["instances"]["delete"] = [{"delete": "api:/servers/${name}"}]
    assert any("instances.delete[0].delete: `${name}`" in said for said in complaints(saved(tmp_path, content)))


def test_a_mistake_in_a_union_is_told_by_the_documents_own_path(tmp_path: Path) -> None:
    """What pydantic calls the members of a union is nobody's business."""
    content = written("openstack") | {"vendor": "acme"}
    content["instances"]["list"]["page"] = {"kind": "token", "next": "a.["}
    told = complaints(saved(tmp_path, content))
    assert any("instances.list.page.next: `a.[` is not a JMESPath" in said for said in told), told
    assert any("instances.list.page.send_as: is missing" in said for said in told), told


def test_a_file_that_is_no_yaml_is_told_with_its_line(tmp_path: Path) -> None:
    """The notation is checked first."""
    assert complaints(saved(tmp_path, "vendor: acme\ntitle: [\n"))[0].startswith("acme.yaml:")
    assert "is written twice" in complaints(saved(tmp_path, "vendor: acme\nvendor: acme\n"))[0]


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from([*VendorFile.model_fields, "get", "json", "page", "kind", "rules"]), inner, max_size=4),
    max_leaves=15,
))  # fmt: skip
def test_any_data_is_a_vendor_file_or_refused(data: object) -> None:
    """Nothing that somebody writes makes the model do anything else."""
    with pytest.raises(ValidationError):
        VendorFile.model_validate(data)


@pytest.mark.parametrize("vendor", FILES)
def test_the_packaged_files_fit_the_schema(vendor: str) -> None:
    """An editor that knows the schema finds nothing wrong with them."""
    wrong = list(jsonschema.Draft202012Validator(vendor_file_schema()).iter_errors(written(vendor)))
    assert not wrong, [(list(error.absolute_path), error.message[:200]) for error in wrong]


def test_the_schema_knows_what_the_model_knows() -> None:
    """It names keys as they are written and describes them."""
    schema = vendor_file_schema()
    json.dumps(schema)
    assert {"is", "renew", "status"} <= schema["$defs"]["ErrorRule"]["properties"].keys()
    assert {"json", "form", "get"} <= schema["$defs"]["Read"]["properties"].keys()
    assert schema["additionalProperties"] is False


def test_every_key_of_the_format_is_described() -> None:
    """A stranger learns the format from its schema."""
    schema = vendor_file_schema()
    models = [schema, *schema["$defs"].values()]
    undescribed = [
        f"{model.get('title')}.{name}"
        for model in models
        for name, field in model.get("properties", {}).items()
        if "description" not in field and name != "kind"
    ]
    assert undescribed == []
