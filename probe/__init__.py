"""Probe: a synthetic monitoring and stability agent for cloud vendors."""

__version__ = "0.1.0"
