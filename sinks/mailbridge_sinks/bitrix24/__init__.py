"""Bitrix24: a lead or deal with its contact, the whole card as a timeline comment, and a to-do."""

from mailbridge_sinks.bitrix24.config import Bitrix24Config, TodoConfig
from mailbridge_sinks.bitrix24.sink import Bitrix24Sink

__all__ = ["Bitrix24Config", "Bitrix24Sink", "TodoConfig"]
