from probe.settings.audit import SecretAudit, audit_secrets, usable
from probe.settings.complaints import Complaint, ConfigurationRefused
from probe.settings.configuration import (
    Configuration,
    PlannedJob,
    PlannedProbe,
    PlannedTarget,
    needs_restart,
)
from probe.settings.files import find_configuration, packaged
from probe.settings.loading import load
from probe.settings.plugins import Kinds, kinds
from probe.settings.schema import schema
from probe.settings.secrets import Redactor
from probe.settings.shape.agent import Agent

__all__ = [
    "Agent",
    "Complaint",
    "Configuration",
    "ConfigurationRefused",
    "Kinds",
    "PlannedJob",
    "PlannedProbe",
    "PlannedTarget",
    "Redactor",
    "SecretAudit",
    "audit_secrets",
    "find_configuration",
    "kinds",
    "load",
    "needs_restart",
    "packaged",
    "schema",
    "usable",
]
