"""Log set-up: JSON lines for machines, short lines for terminals; always to standard error."""

import logging
import sys
from typing import Any, Literal

import structlog

from mailbridge.observe.secrets import masked

LogFormat = Literal["json", "text", "auto"]

_LONGEST_VALUE = 2000


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
    return {key: _safe(value) if isinstance(value, str) else value for key, value in event.items()}


def _discreet(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Mask secrets in tracebacks, which are text only now."""
    if isinstance(event.get("exception"), str):
        event["exception"] = masked(event["exception"])
    return event


def _safe(value: str) -> str:
    value = masked(value)
    shown = "".join(character if character.isprintable() else repr(character)[1:-1] for character in value)
    return shown if len(shown) <= _LONGEST_VALUE else shown[:_LONGEST_VALUE] + "…"
