from probe.settings.audit import SecretAudit, audit_secrets, usable
from probe.settings.complaints import Complaint, ConfigurationRefused
from probe.settings.configuration import (
    Configuration,
    Difference,
    PlannedJob,
    PlannedProbe,
    PlannedTarget,
    difference,
)
from probe.settings.files import find_configuration, packaged
from probe.settings.loading import load
from probe.settings.plugins import Kinds, kinds
from probe.settings.schema import schema
from probe.settings.secrets import Redactor
from probe.settings.shape import Agent

__all__ = [
    "Agent",
    "Complaint",
    "Configuration",
    "ConfigurationRefused",
    "Difference",
    "Kinds",
    "PlannedJob",
    "PlannedProbe",
    "PlannedTarget",
    "Redactor",
    "SecretAudit",
    "audit_secrets",
    "difference",
    "find_configuration",
    "kinds",
    "load",
    "packaged",
    "schema",
    "usable",
]
