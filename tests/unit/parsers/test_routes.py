"""One parser for every mail: whatever order the parsers come in, and whatever a gateway writes into the header."""

import random
from functools import cache

import pytest

from mailbridge.mailbox.decode import decode
from mailbridge.pipeline.parsing import TrustRules, read_mail
from mailbridge.pipeline.routing import Router
from mailbridge.registry import make_parsers
from mailbridge.sdk import Strength
from mailbridge.testing.fixtures import cases
from mailbridge.testing.variants import draft_of, is_rebuildable

CASES = {case.name: case.raw for case in cases()}
DRAFTS = {name: draft_of(raw) for name, raw in CASES.items() if is_rebuildable(raw)}
ADDED = (
    ("Auto-Submitted", "auto-replied"),
    ("Auto-Submitted", "auto-generated"),
    ("Return-Path", "<>"),
    ("List-Unsubscribe", "<https://lists.example/u>"),
    ("Precedence", "bulk"),
    ("X-Mailer", "PHPMailer 6.9.1"),
    ("X-Mailer", "Drupal"),
)


@cache
def parsers():
    return make_parsers()


@pytest.fixture(scope="module")
def router():
    return Router(parsers())


def test_the_order_of_the_parsers_never_matters():
    mails = {name: decode(raw) for name, raw in CASES.items()}
    wanted = {name: told(Router(parsers()), mail) for name, mail in mails.items()}
    for seed in range(3):
        shuffled = list(parsers())
        random.Random(seed).shuffle(shuffled)
        router = Router(shuffled)
        assert {name: told(router, mail) for name, mail in mails.items()} == wanted


def told(router, mail):
    found = router.candidates(mail)
    return [(one.parser.manifest.name, one.route.name) for one in found], router.choose(
        mail, found
    ).parser.manifest.name


@pytest.mark.parametrize(("header", "value"), ADDED)
def test_what_gateways_write_makes_no_two_parsers_claim_a_mail(router, header, value):
    for name, draft in DRAFTS.items():
        mail = decode(draft.with_header(header, value).raw())
        reading = read_mail(mail, router, TrustRules())
        assert reading.reason != "ambiguous_route", f"{name}: {reading.detail}"
        if (header, value) in {("Auto-Submitted", "auto-replied"), ("Return-Path", "<>")}:
            assert reading.outcome != "parsed", f"{name}: an automatic reply became an interest"


def test_a_mail_that_quotes_a_notification_has_one_reader(router):
    """People pass notifications on, answer below them, and bounces hold them."""
    for name, draft in DRAFTS.items():
        quoted = "\n".join(f"> {line}" for line in (draft.text or decode(CASES[name]).html.text).split("\n"))
        for subject in ("Re: notification", "Undelivered Mail Returned to Sender"):
            mail = decode(
                f"From: Olga <olga@lavka.example>\nTo: box@lavka.example\nSubject: {subject}\n"
                f"Content-Type: text/plain; charset=utf-8\n\nПосмотрите, что пишут.\n\n{quoted}\n".encode()
            )
            reading = read_mail(mail, router, TrustRules())
            assert reading.reason != "ambiguous_route", f"{name}: {reading.detail}"


def test_only_one_parser_speaks_for_a_sender():
    """Two parsers with the same sender at the same strength would be ambiguous for every mail of it."""
    seen = {}
    for parser in parsers():
        for route in parser.routes:
            if route.match is None and route.strength >= Strength.SENDER:
                for sender in route.senders:
                    assert seen.setdefault(sender, parser.manifest.name) == parser.manifest.name
