"""The amoCRM sink with bad manners: towards the core, the CRM, and people."""

import contextlib
import time

from pydantic import Field, create_model

from mailbridge.sdk import CrmClient, MaybeWritten, NotWritten, Refused
from mailbridge_sinks.amocrm import AmocrmConfig, AmocrmSink, client
from mutants.amocrm import Suite
from mutants.mutant import Mutant


def forgets_how_long_to_wait(monkeypatch):
    """Retry-After is read by nobody."""
    judge = client.judge

    def wrong(answer, write):
        return NotWritten("429", pause=True) if answer.status_code == 429 else judge(answer, write)

    monkeypatch.setattr(client, "judge", wrong)


def a_firewall_kills_deliveries(monkeypatch):
    """A page that forbids, from a firewall or a lock-out, rejects the delivery for good."""
    judge = client.judge

    def wrong(answer, write):
        return Refused("403") if answer.status_code == 403 else judge(answer, write)

    monkeypatch.setattr(client, "judge", wrong)


def check_believes_any_page(monkeypatch):
    """`check` is content when the CRM can't be read."""
    check = AmocrmSink.check

    def easy(self):
        with contextlib.suppress(NotWritten):
            check(self)

    monkeypatch.setattr(AmocrmSink, "check", easy)


def remembers_what_was_missing(monkeypatch):
    """A search that found nothing is not asked again."""
    find = AmocrmSink.find

    def cached(self, doubts):
        known = self.__dict__.setdefault("_known", {})
        for doubt in doubts:
            known.setdefault(doubt.delivery.key, find(self, [doubt]).get(doubt.delivery.key, {}))
        return {doubt.delivery.key: known[doubt.delivery.key] for doubt in doubts}

    monkeypatch.setattr(AmocrmSink, "find", cached)


def waits_for_ever(monkeypatch):
    """Requests have no time-out."""

    class Endless(CrmClient):
        def __init__(self, *arguments, **more):
            super().__init__(*arguments, **more)
            self._http.timeout = None

    monkeypatch.setattr(client, "CrmClient", Endless)


def sleeps_over_a_fault(monkeypatch):
    """The sink waits by itself before it goes on."""
    write = client.AmocrmClient.write

    def slow(self, path, elements):
        try:
            return write(self, path, elements)
        except MaybeWritten:
            time.sleep(0.01)
            raise

    monkeypatch.setattr(client.AmocrmClient, "write", slow)


def reads_again_by_itself(monkeypatch):
    """A look-up that failed is sent once more by the sink, without the core's rate slot."""
    read = client.AmocrmClient.read

    def twice(self, path, params=()):
        try:
            return read(self, path, params)
        except NotWritten:
            return read(self, path, params)

    monkeypatch.setattr(client.AmocrmClient, "read", twice)


def takes_any_key(monkeypatch):
    """A misspelt key of the configuration is ignored."""
    monkeypatch.setattr(AmocrmSink, "Config", type("Config", (AmocrmConfig,), {"model_config": {"extra": "ignore"}}))


def shows_its_token(monkeypatch):
    """The token is plain text in the settings, so that every listing and every error shows it."""
    fields = {"token": (str, Field("", description="Token."))}
    monkeypatch.setattr(AmocrmSink, "Config", create_model("Config", __base__=AmocrmConfig, **fields))


def closes_once(monkeypatch):
    """A second `close` fails."""
    close = AmocrmSink.close

    def strict(self):
        assert not self.__dict__.get("_closed")
        self._closed = True
        close(self)

    monkeypatch.setattr(AmocrmSink, "close", strict)


def find_mends(monkeypatch):
    """`find` writes what it misses."""
    find = AmocrmSink.find

    def eager(self, doubts):
        self._client.write("/leads", [{"name": "найдено"}])
        return find(self, doubts)

    monkeypatch.setattr(AmocrmSink, "find", eager)


RULES = {
    forgets_how_long_to_wait: {"s05"},
    a_firewall_kills_deliveries: {"s06"},
    check_believes_any_page: {"s14"},
    remembers_what_was_missing: {"s20"},
    waits_for_ever: {"s22"},
    sleeps_over_a_fault: {"s23"},
    reads_again_by_itself: {"s23"},
    takes_any_key: {"s16"},
    shows_its_token: {"s16"},
    closes_once: {"s15"},
    find_mends: {"s04"},
}

MUTANTS = [Mutant("amoCRM", breaks, Suite, frozenset(rules)) for breaks, rules in RULES.items()]
