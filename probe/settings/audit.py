"""What the secrets of a configuration are worth right now: which of them cannot be read, and what that disables."""

from collections.abc import Iterator
from dataclasses import dataclass

from probe.model.secret import Secret, SecretUnavailable
from probe.notation.composing import Trail
from probe.settings.complaints import Complaint, path_of
from probe.settings.configuration import Configuration
from probe.settings.secrets import SHORTEST, permission_hint
from probe.settings.targets import secrets_in


@dataclass(frozen=True, slots=True)
class _Use:
    """A secret and where the configuration uses it."""

    trail: Trail
    secret: Secret


@dataclass(frozen=True, slots=True)
class SecretAudit:
    """What became of reading every secret once.

    Attributes:
        complaints: the secrets that cannot be read, or cannot be what they should be.
        hints: what does no harm yet: files that everybody may read, secrets too short to be kept out of logs.
        vendors: the vendor entries that cannot be used for it.
        probes: the probes that cannot be used for it.
    """

    complaints: tuple[Complaint, ...]
    hints: tuple[Complaint, ...]
    vendors: frozenset[str]
    probes: frozenset[str]


def audit_secrets(configuration: Configuration) -> SecretAudit:
    """Read every secret of *configuration* once; its redactor knows them from then on."""
    complaints: list[Complaint] = []
    hints: list[Complaint] = []
    vendors: set[str] = set()
    probes: set[str] = set()
    for use in _uses(configuration):
        try:
            value = use.secret.reveal()
        except SecretUnavailable as error:
            complaints.append(_complaint(configuration, use, str(error)))
            (vendors if use.trail[0] == "vendors" else probes).add(str(use.trail[1]))
        else:
            hints.extend(_complaint(configuration, use, hint) for hint in _hints(use.secret, value))
    for name, entry in configuration.vendors.items():
        from probe.cloud import credential_complaints  # noqa: PLC0415 - 0.1 s that only those with vendors pay

        for credential, problem, remedy in credential_complaints(entry):
            place = path_of(("vendors", name, "credentials", credential))
            complaints.append(Complaint(str(configuration.path), 0, place, "", problem, remedy))
            vendors.add(name)
    return SecretAudit(tuple(complaints), tuple(hints), frozenset(vendors), frozenset(probes))


def usable(configuration: Configuration, audit: SecretAudit) -> Configuration:
    """*configuration* less what *audit* found to lack its secrets."""
    return configuration.without(vendors=audit.vendors, probes=audit.probes)


def _uses(configuration: Configuration) -> Iterator[_Use]:
    for name, entry in configuration.vendors.items():
        for credential, secret in entry.credentials.items():
            yield _Use(("vendors", name, "credentials", credential), secret)
    for probe in configuration.probes:
        for secret in secrets_in(probe.options):
            yield _Use(("probes", probe.name, "options"), secret)


def _hints(secret: Secret, value: str) -> Iterator[str]:
    hint = permission_hint(secret)
    if hint:
        yield hint
    if len(value) < SHORTEST:
        yield f"{secret.origin} is shorter than {SHORTEST} characters and cannot be kept out of logs; use a longer one"


def _complaint(configuration: Configuration, use: _Use, sentence: str) -> Complaint:
    problem, _, remedy = sentence.partition("; ")
    return Complaint(str(configuration.path), 0, path_of(use.trail), "", problem, remedy)
