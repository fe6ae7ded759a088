from probe.settings.audit import audit_secrets, usable
from probe.settings.complaints import ConfigurationRefused
from probe.settings.configuration import Configuration, needs_restart
from probe.settings.files import packaged
from probe.settings.loading import load
from probe.settings.schema import schema
from probe.settings.secrets import Redactor

__all__ = [
    "Configuration",
    "ConfigurationRefused",
    "Redactor",
    "audit_secrets",
    "load",
    "needs_restart",
    "packaged",
    "schema",
    "usable",
]
