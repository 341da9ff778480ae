"""Rotating tokens: the new pair is durable before anybody uses it, one refresher at a time over all nodes."""

import json
import time
from collections.abc import Callable, Mapping

from sqlalchemy import or_, select, update

from mailbridge.ledger.engine import Database, now
from mailbridge.ledger.insert import insert_new
from mailbridge.ledger.schema import token
from mailbridge.ledger.vault import Vault
from mailbridge.sdk import NotWritten
from mailbridge.sdk.secrets import keep_secret

LEASE_S = 60.0
"""Longer than any token request may last."""


class LedgerTokens:
    """Implements `sdk.TokenStore` for one account."""

    def __init__(self, database: Database, account_id: str, node: str, vault: Vault) -> None:
        self._database = database
        self._account_id = account_id
        self._node = node
        self._vault = vault

    def load(self) -> Mapping[str, str]:
        """Return the stored tokens; empty when there are none.

        Raises:
            Unusable: They can't be decrypted.
        """
        with self._database.read() as connection:
            body = connection.scalar(select(token.c.body).where(token.c.account_id == self._account_id))
        found = dict(json.loads(self._vault.open(body))) if body else {}
        keep_secret(*_secrets(found))
        return found

    def refresh(self, used: str | None, renew: Callable[[Mapping[str, str]], Mapping[str, str]]) -> Mapping[str, str]:
        """Return new tokens, stored before they are returned; see `sdk.TokenStore`."""
        self._take_lease()
        try:
            stored = self.load()
            self._vault.seal("")  # before a pair is used up that could not be kept
            if stored and stored.get("access_token") != used:
                return stored
            fresh = renew(stored)
            keep_secret(*_secrets(fresh))
            with self._database.write() as connection:
                mine = (token.c.account_id == self._account_id, token.c.owner == self._node)
                values = {"body": self._vault.seal(json.dumps(dict(fresh))), "updated_at": now()}
                connection.execute(update(token).where(*mine).values(**values))
            return fresh
        finally:
            self._end_lease()

    def _take_lease(self) -> None:
        deadline = time.monotonic() + LEASE_S
        while True:
            with self._database.write() as connection:
                row = {"account_id": self._account_id, "body": "{}", "updated_at": now()}
                insert_new(connection, token, [row])
                free = or_(token.c.owner.is_(None), token.c.lease_until <= now())
                taken = update(token).where(token.c.account_id == self._account_id, free)
                if connection.execute(taken.values(owner=self._node, lease_until=now() + LEASE_S)).rowcount:
                    return
            if time.monotonic() > deadline:
                raise NotWritten("another worker is renewing the token", after_s=5.0)
            time.sleep(0.2)

    def _end_lease(self) -> None:
        with self._database.write() as connection:
            mine = (token.c.account_id == self._account_id, token.c.owner == self._node)
            connection.execute(update(token).where(*mine).values(owner=None, lease_until=0))


def _secrets(tokens: Mapping[str, str]) -> list[str]:
    return [value for name, value in tokens.items() if name.endswith("token")]
