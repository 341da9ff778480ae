"""Sink for amoCRM and Kommo, API v4."""

from mailbridge_sinks.amocrm.config import AmocrmConfig, AmocrmTask
from mailbridge_sinks.amocrm.sink import AmocrmSink

__all__ = ["AmocrmConfig", "AmocrmSink", "AmocrmTask"]
