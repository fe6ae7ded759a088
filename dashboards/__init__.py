"""The Grafana dashboards, their provisioning, and what writes them (`python -m dashboards.author`)."""
