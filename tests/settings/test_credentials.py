"""Credentials that are there, and cannot be what they should be, are told with the others that are missing."""

from pathlib import Path

from probe.settings import Configuration, audit_secrets, load, usable

TEXT = """
vendors:
  good: {use: hetzner, region: fsn1, credentials: {token: {env: GOOD}}}
  broken: {use: hetzner, region: fsn1, credentials: {token: {env: BROKEN}}}
  gce: {use: gce, region: europe-west1-b, account: {project: p-1}, credentials: {service_account: {file: key.json}}}
probes:
  - {name: api, kind: api, vendors: "*", every: 30s, deadline: 10s, options: {operation: probe}}
"""


def loaded(folder: Path, key: str) -> Configuration:
    """The configuration, with this key file beside it."""
    (folder / "probe.yaml").write_text(TEXT)
    (folder / "key.json").write_text(key)
    return load(folder / "probe.yaml", environ={"GOOD": "t-0123456789", "BROKEN": "t-01234\n56789"})


def test_a_credential_that_cannot_be_right_disables_its_vendor(tmp_path: Path) -> None:
    """With which file it is and what was expected; nothing of its value is told, and the others go on."""
    configuration = loaded(tmp_path, '{"type": "authorized_user", "refresh_token": "hunter2"}')
    audit = audit_secrets(configuration)
    told = "\n".join(str(complaint) for complaint in audit.complaints)
    assert audit.vendors == {"broken", "gce"}
    assert f"vendors.gce.credentials.service_account: file {tmp_path / 'key.json'} is not the key of a service" in told
    assert "where `service_account` was expected; give the JSON key of a service account" in told
    assert "vendors.broken.credentials.token: env BROKEN cannot be sent" in told
    assert "hunter2" not in told
    assert list(usable(configuration, audit).vendors) == ["good"]


def test_a_key_that_is_not_there_is_told_once(tmp_path: Path) -> None:
    """By the one who looks for it."""
    configuration = loaded(tmp_path, "")
    (tmp_path / "key.json").unlink()
    complaints = [str(one) for one in audit_secrets(configuration).complaints if "gce" in str(one)]
    assert len(complaints) == 1
    assert "cannot be read" in complaints[0]
