"""When tokens end: of those that do not renew themselves."""

import base64
import binascii
import json
from typing import Any

from pydantic import SecretStr

from mailbridge.config import Settings


def token_ends(settings: Settings) -> dict[str, float]:
    """Return "sink NAME" → when its token ends, unix seconds, where that can be known and nothing renews it.

    Access tokens that a refresh token or a log-in of the program renews end every hour or day and mean nothing; when
    their renewal fails, the sink is unusable or the mailbox not in sync, and that is told.
    """
    found: dict[str, float] = {}
    for name, sink in settings.sinks.items():
        end = jwt_end(getattr(sink, "token", None))
        if end is not None and getattr(sink, "refresh_token", None) is None:
            found[f"sink {name}"] = end
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
