"""Tokens at rest: encrypted with a key that is not in the ledger, so that a copy of the ledger opens no account.

Fernet (https://github.com/fernet/spec): AES-128-CBC with HMAC-SHA256, by the cryptography package.
"""

import base64
import hashlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mailbridge.sdk import Unusable

_MARK = "fernet:"


class Vault:
    """Seals and opens tokens.

    Args:
        key: One key a line: the first one seals, all of them open, so that a new key can be put above the old one.
            None = a file of its own beside an SQLite ledger.
        file: That file; it is made when something is sealed for the first time. None = there is no such place.
    """

    def __init__(self, key: str | None = None, file: Path | None = None) -> None:
        self._keys = [line.strip() for line in (key or "").splitlines() if line.strip()]
        self._file = file

    def seal(self, text: str) -> str:
        """Return the text encrypted.

        Raises:
            Unusable: There is no key, and no place for one.
        """
        keys = self._keys or self._kept() or [self._made()]
        return _MARK + str(_fernet(keys).encrypt(text.encode()), "ascii")

    def open(self, sealed: str) -> str:
        """Return what was sealed; what was stored before there was a key is returned as it is.

        Raises:
            Unusable: It was sealed with another key.
        """
        from cryptography.fernet import InvalidToken

        if not sealed.startswith(_MARK):
            return sealed
        keys = self._keys or self._kept()
        try:
            if keys:
                return str(_fernet(keys).decrypt(sealed.removeprefix(_MARK).encode("ascii")), "utf-8")
        except InvalidToken:
            pass
        raise Unusable(
            f"the stored tokens were encrypted with another key than {self._where} holds: bring that key back, or log "
            "in anew"
        )

    @property
    def _where(self) -> str:
        return f"file {self._file}" if self._file is not None and not self._keys else "[ledger] token_key"

    def _kept(self) -> list[str]:
        if self._file is None or not self._file.exists():
            return []
        return self._file.read_text("ascii").split()

    def _made(self) -> str:
        if self._file is None:
            raise Unusable(
                "tokens that are renewed are encrypted in the ledger: name a key, [ledger] token_key_file, the same "
                "for all nodes; make one with: openssl rand -base64 32"
            )
        key = secrets.token_urlsafe(32)
        # Never over a key that another process has made in the meantime.
        with os.fdopen(os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(key + "\n")
        return key


def _fernet(keys: Sequence[str]) -> Any:
    from cryptography.fernet import Fernet, MultiFernet

    # Any text may be a key: it is hashed to the length that Fernet wants, so it has to be random itself.
    return MultiFernet([Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest())) for key in keys])
