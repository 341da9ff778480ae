"""Messages to people, by Apprise: it knows a hundred services. Loaded when there is something to say."""

import hashlib
import logging
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from mailbridge.observe import notify_vk
from mailbridge.sdk.output import terminal_line
from mailbridge.sdk.secrets import keep_secret, masked

Result = TypeVar("Result")


def target_id(url: str) -> str:
    """Return what the ledger calls a target: its address is a secret."""
    return hashlib.sha256(url.encode()).hexdigest()[:12]


def problem(url: str) -> str | None:
    """Return what is wrong with how a target is written, None when it can be used; nothing is sent."""
    _keep_secret(url)
    if url.startswith(notify_vk.SCHEME):
        return None if notify_vk.parts_of(url) else "write it like vk://TOKEN/PEER_ID"
    plugin, said = _listened(lambda: _apprise().instantiate(url))
    if plugin is not None:
        return None
    return f"is no target that Apprise knows: {said or 'its documentation says how to write one'}"


def refusal(url: str, title: str, body: str) -> str | None:
    """Send one message to one target; return why it did not take it, None when it did. Never raises because of it."""
    _keep_secret(url)
    try:
        if url.startswith(notify_vk.SCHEME):
            said = notify_vk.send(url, f"{title}\n{body}")
            return None if said is None else line(said)
        taken, said = _listened(lambda: _sent(url, title, body))
    except Exception as error:  # noqa: BLE001 - a plugin of another program; nothing here may depend on it
        return line(f"its plugin failed: {type(error).__name__}: {error}")
    return None if taken else said or "it did not say why"


def shown(url: str) -> str:
    """Return how people may see a target: its service, and nothing that is secret."""
    return f"{url.partition('://')[0]}://… ({target_id(url)})"


def _keep_secret(url: str) -> None:
    keep_secret(url, *(notify_vk.parts_of(url) or ())[:1])


def line(text: str) -> str:
    """Return what was seen as one line without secrets."""
    return terminal_line(masked(text), 500)


def _sent(url: str, title: str, body: str) -> bool:
    """Text stays text: where a service wants HTML or Markdown, its signs are escaped. What is too long is parted."""
    from apprise import NotifyFormat
    from apprise.common import OverflowMode

    plugin = _apprise().instantiate(url)
    if plugin is None:
        return False
    if "overflow=" not in url:
        plugin.overflow_mode = OverflowMode.SPLIT
    desk = _apprise()()
    desk.add(plugin)
    return bool(desk.notify(title=title, body=body, body_format=NotifyFormat.TEXT))


def _listened(work: Callable[[], Result]) -> tuple[Result, str]:
    """Return what work gives, and what Apprise said meanwhile: it tells reasons only to its log."""
    said: list[str] = []
    logger, ear = logging.getLogger("apprise"), _Ear(said)
    before = logger.propagate
    logger.addHandler(ear)
    logger.propagate = False
    try:
        return work(), line("; ".join(said))
    finally:
        logger.propagate = before
        logger.removeHandler(ear)


class _Ear(logging.Handler):
    """Keeps what is worth a warning."""

    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        self._said.append(record.getMessage())


def _apprise() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # modules of Python that its plugins use and that will go
        from apprise import Apprise

        Apprise.instantiate("json://localhost")  # loads the plugins

    return Apprise
