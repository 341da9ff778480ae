"""Secrets that this process knows: masked in everything it logs or says, whoever put them there."""

import base64
import json
import re
import threading
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:  # every error imports this module, and who has no configuration yet needs no models
    from pydantic import BaseModel

MASK = "••••"
_LEAST = 8
"""A shorter one would be found in innocent words."""

_known: frozenset[str] = frozenset()
_lock = threading.Lock()


def keep_secret(*values: str) -> None:
    """Mask these values from now on, each line of them, also as servers and tools write them; very short ones stay."""
    global _known  # noqa: PLW0603 - what a process must not say is a matter of the whole process
    found = {part for value in values for line in value.splitlines() for part in _parts(line.strip())}
    with _lock:
        _known |= found


def _parts(secret: str) -> Iterator[str]:
    """Yield what must not be seen: of an address that is a secret its long parts too, which errors tell alone."""
    if len(secret) >= _LEAST:
        yield from {secret, quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1], *_in_json(secret)}
        yield base64.b64encode(secret.encode()).decode().rstrip("=")
    if "://" in secret:
        yield from (part for part in re.split(r"[/?&=#@:]", secret.partition("://")[2])[1:] if len(part) >= _LEAST + 4)


def _in_json(secret: str) -> Iterator[str]:
    yield from (json.dumps(secret, ensure_ascii=is_ascii)[1:-1] for is_ascii in (False, True))


def keep_secrets_of(settings: "BaseModel") -> None:
    """Mask every secret of a configuration."""
    keep_secret(*_secrets(settings))


def masked(text: str) -> str:
    """Return the text with every known secret masked."""
    known = _known
    return _pattern(known).sub(MASK, text) if known else text


@lru_cache(maxsize=4)
def _pattern(known: frozenset[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(one) for one in sorted(known, key=len, reverse=True)))


def _secrets(value: Any) -> Iterator[str]:
    from pydantic import BaseModel, SecretStr

    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name))
    elif isinstance(value, dict):
        for one in value.values():
            yield from _secrets(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _secrets(one)
