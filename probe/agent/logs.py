"""What a configuration says of the log; apart from the agent, so that a command can log without importing all of it."""

from probe.exposition.logs import LogFormat, configure_logging
from probe.settings.configuration import Configuration


def configure_logs(configuration: Configuration) -> None:
    """Log as *configuration* says, without its secrets."""
    log = configuration.agent.log
    configure_logging(LogFormat(log.format), log.level, redact=configuration.redactor)
