"""The configuration: one TOML file, the environment, secrets from files → frozen settings."""

from mailbridge.config.load import ConfigError, load_settings
from mailbridge.config.settings import Settings, SinkSettings

__all__ = ["ConfigError", "Settings", "SinkSettings", "load_settings"]
