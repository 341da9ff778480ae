"""Log set-up: JSON lines for machines, short lines for terminals; always to standard error."""

import logging
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import structlog

from mailbridge.sdk.output import log_text
from mailbridge.sdk.secrets import masked

LogFormat = Literal["json", "text", "auto"]

_LONGEST_VALUE = 2_000
_LONGEST_TRACEBACK = 20_000


def set_up_logging(*, level: str = "INFO", style: LogFormat = "auto") -> None:
    """Send all events to standard error, as JSON unless somebody looks at a terminal.

    Args:
        level: Lowest level that is shown.
        style: "json", "text", or "auto": text on a terminal.
    """
    text = style == "text" or (style == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        _tame,
    ]
    end: list[Any] = (
        [
            structlog.processors.format_exc_info,
            _discreet,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ]
        if text
        else [structlog.processors.format_exc_info, _discreet, structlog.processors.JSONRenderer(ensure_ascii=False)]
    )
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,  # a program that sets logging up anew, such as a test, must be heard
    )
    handler = logging.StreamHandler(sys.stderr)
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[remove, *end]))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("mailbridge").setLevel(level.upper())


def _tame(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Mask secrets, cut long values, make control characters visible: a Subject must not forge a line or a colour."""
    return {key: _safe(value) for key, value in event.items()}


def _safe(value: Any) -> Any:
    if isinstance(value, str):
        return log_text(masked(value), _LONGEST_VALUE)
    if isinstance(value, Mapping):
        return {_safe(key): _safe(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_safe(one) for one in value]
    # What is no plain value is written as its repr in the end, which may tell anything: an exception, a path, settings.
    return value if value is None or isinstance(value, (int, float, datetime)) else _safe(str(value))


def _discreet(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Do the same in tracebacks, which are text only now; an exception may tell words of a mail."""
    if isinstance(event.get("exception"), str):
        event["exception"] = log_text(masked(event["exception"]), _LONGEST_TRACEBACK, lines=True)
    return event
