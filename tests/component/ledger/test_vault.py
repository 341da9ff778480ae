"""Tokens in the ledger open no account without the key, which lies elsewhere."""

import sqlite3
from contextlib import closing

import pytest

from mailbridge.ledger.ledger import Ledger
from mailbridge.ledger.vault import Vault
from mailbridge.sdk import Unusable

TOKENS = {"access_token": "access-ptarmigan", "refresh_token": "refresh-ptarmigan"}
OLD, NEW = "an old key that is long enough", "a new key that is long enough"


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/ledger.db"


def opened(url, key=None):
    return Ledger(url, new=True, token_key=key)


def renew(ledger, tokens=TOKENS):
    return ledger.tokens("crm").refresh(None, lambda _: tokens)


def test_the_file_holds_no_token_and_the_key_lies_beside_it(url, tmp_path):
    ledger = opened(url)
    assert not (tmp_path / "ledger.db.key").exists()
    renew(ledger)
    assert ledger.tokens("crm").load() == TOKENS
    ledger.close()
    assert b"ptarmigan" not in (tmp_path / "ledger.db").read_bytes()
    assert (tmp_path / "ledger.db.key").stat().st_mode & 0o777 == 0o600
    again = opened(url)
    assert again.tokens("crm").load() == TOKENS
    again.close()


def test_a_copy_of_the_ledger_alone_opens_nothing(url, tmp_path):
    ledger = opened(url)
    renew(ledger)
    (tmp_path / "ledger.db.key").unlink()
    with pytest.raises(Unusable, match="another key than file "):
        ledger.tokens("crm").load()
    ledger.close()


def test_a_new_key_above_the_old_one(url):
    ledger = opened(url, OLD)
    renew(ledger)
    ledger.close()
    wrong = opened(url, NEW)
    with pytest.raises(Unusable, match="token_key"):
        wrong.tokens("crm").load()
    wrong.close()
    both = opened(url, f"{NEW}\n{OLD}\n")
    assert both.tokens("crm").load() == TOKENS
    both.tokens("crm").refresh("access-ptarmigan", lambda kept: {**kept, "access_token": "next"})
    both.close()
    only = opened(url, NEW)
    assert only.tokens("crm").load()["access_token"] == "next"
    only.close()


def test_a_wrong_key_wipes_nothing(url):
    ledger = opened(url, OLD)
    renew(ledger)
    wrong = opened(url, NEW)
    with pytest.raises(Unusable):
        wrong.tokens("crm").refresh("access-ptarmigan", lambda _: pytest.fail("a pair would be used up"))
    assert ledger.tokens("crm").load() == TOKENS


def test_what_was_stored_before_there_was_a_key_is_read_and_sealed_when_it_is_renewed(url, tmp_path):
    ledger = opened(url)
    renew(ledger)
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection, connection:
        connection.execute("""UPDATE token SET body = '{"access_token": "plain-ptarmigan"}'""")
    assert ledger.tokens("crm").load() == {"access_token": "plain-ptarmigan"}
    ledger.tokens("crm").refresh("plain-ptarmigan", lambda _: TOKENS)
    ledger.close()
    assert b"ptarmigan" not in (tmp_path / "ledger.db").read_bytes()


def test_where_there_is_no_place_for_a_key_nothing_is_used_up():
    with pytest.raises(Unusable, match="token_key_file"):
        Vault().seal("x")
