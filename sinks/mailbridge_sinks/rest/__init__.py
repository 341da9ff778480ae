"""The sink for any JSON API, by configuration."""

from mailbridge_sinks.rest.config import RestConfig
from mailbridge_sinks.rest.sink import RestSink

__all__ = ["RestConfig", "RestSink"]
