"""A short run of every target, and proof that each would see what it is there for; `make fuzz` runs for long."""

import pytest

from fuzzing import targets
from fuzzing.rounds import fuzz
from fuzzing.targets import TARGETS, Target

ROUND = {"anonymiser": 15, "forms": 40}


@pytest.mark.parametrize("name", TARGETS)
def test_a_round_holds(name):
    found = fuzz(TARGETS[name], 0, 1, examples=ROUND.get(name, 100))
    assert found.failure is None, f"make fuzz TARGET={name} SEED={found.seed}\n{found.failure}"
    assert found.examples >= ROUND.get(name, 100)


def _no_links(monkeypatch):
    monkeypatch.setattr(targets, "canonical_url", lambda url: url)


def _no_end_of_comments(monkeypatch):
    monkeypatch.setattr("mailbridge.mailbox.trust_results.without_comments", lambda text: text)


def _an_eager_decoder(monkeypatch):
    def decode(_raw):
        raise KeyError("charset")

    monkeypatch.setattr(targets, "decode", decode)


def _a_fragile_parser(monkeypatch):
    from mailbridge_parsers.form import FormParser

    monkeypatch.setattr(FormParser, "parse", lambda _self, mail: mail.text[10_000_000])


def _names_stay(monkeypatch):
    monkeypatch.setattr("mailbridge.testing.anonymise.fixture.rewrite_mail", lambda raw, _rewriter: raw)


BUGS = {
    "decode": _an_eager_decoder,
    "results": _no_end_of_comments,
    "links": _no_links,
    "forms": _a_fragile_parser,
    "anonymiser": _names_stay,
}


@pytest.mark.parametrize("name", TARGETS)
def test_a_planted_bug_is_found(name, monkeypatch):
    BUGS[name](monkeypatch)
    assert fuzz(TARGETS[name], 3, 1, examples=20).failure is not None


def test_a_seed_gives_the_same_examples():
    seen = []
    target = Target("x", "x", TARGETS["links"].examples, seen.append)
    fuzz(target, 0, 7, examples=20)
    first, seen[:] = list(seen), []
    fuzz(target, 0, 7, examples=20)
    assert seen == first


def test_what_never_ends_is_stopped(monkeypatch):
    def endless(_example):
        while True:
            pass

    monkeypatch.setattr(targets, "MOST_S", 0.05)
    with pytest.raises(targets.TooLong):
        Target("x", "x", TARGETS["links"].examples, endless)("a")
