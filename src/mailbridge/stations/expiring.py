"""When tokens end: of those that do not renew themselves."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import SecretStr

from mailbridge.config import Settings
from mailbridge.ledger.tokens import LedgerTokens
from mailbridge.mailbox.opening import token_owner
from mailbridge.sdk import MailbridgeError


def token_ends(settings: Settings, tokens: Callable[[str], LedgerTokens]) -> dict[str, float]:
    """Return "mailbox NAME" or "sink NAME" → when its token ends, unix seconds, where that can be known.

    A token that is renewed in time ends later each time; one whose renewal fails ends for good.
    """
    found: dict[str, float] = {}
    for name, sink in settings.sinks.items():
        end = jwt_end(getattr(sink, "token", None))
        if end is None and getattr(sink, "refresh_token", None) is not None:
            end = _stored_end(tokens(sink.account_id or name))
        if end is not None:
            found[f"sink {name}"] = end
    for name, mailbox in settings.mailboxes.items():
        if getattr(mailbox, "oauth_token_url", None) and (end := _stored_end(tokens(token_owner(name)))):
            found[f"mailbox {name}"] = end
    return found


def jwt_end(token: Any) -> float | None:
    """Return `exp` of a JSON web token (RFC 7519 §4.1.4), None of anything else; nothing is verified."""
    words = token.get_secret_value().split(".") if isinstance(token, SecretStr) else []
    if len(words) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(words[1] + "=" * (-len(words[1]) % 4)))
        end = claims.get("exp") if isinstance(claims, dict) else None
    except (ValueError, binascii.Error):
        return None
    return float(end) if isinstance(end, int | float) and not isinstance(end, bool) else None


def _stored_end(tokens: LedgerTokens) -> float | None:
    """Short-lived tokens are renewed when they are needed: they are told of only when they have ended for a while."""
    try:
        stored: Mapping[str, str] = tokens.load()
        end = float(stored["expires_at"])
    except (KeyError, ValueError, MailbridgeError):
        return None
    return end
