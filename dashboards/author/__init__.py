"""Writes the dashboards' JSON: one place for each expression that several panels share."""
