"""Messages to people, by Apprise: it knows a hundred services. Loaded when there is something to say."""

import hashlib
import warnings
from typing import Any

from mailbridge.observe.secrets import keep_secret, masked
from mailbridge.sdk.output import terminal_line


def target_id(url: str) -> str:
    """Return what the ledger calls a target: its address is a secret."""
    return hashlib.sha256(url.encode()).hexdigest()[:12]


def is_target(url: str) -> bool:
    """Return whether Apprise can read an address; nothing is sent."""
    return bool(_apprise().instantiate(url))


def post(url: str, title: str, body: str) -> bool:
    """Send one message to one target; return whether it took it. Never raises because of the target."""
    keep_secret(url)
    try:
        plugin = _apprise().instantiate(url)
        return bool(plugin) and bool(plugin.notify(title=title, body=body))
    except Exception:  # noqa: BLE001 - a plugin of another program; nothing here may depend on it
        return False


def shown(url: str) -> str:
    """Return how people may see a target: its service, and nothing that is secret."""
    return f"{url.partition('://')[0]}://… ({target_id(url)})"


def _apprise() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # modules of Python that its plugins use and that will go
        from apprise import Apprise

        Apprise.instantiate("json://localhost")  # loads the plugins

    return Apprise


def line(text: str) -> str:
    """Return what was seen as one line without secrets."""
    return terminal_line(masked(text), 500)
