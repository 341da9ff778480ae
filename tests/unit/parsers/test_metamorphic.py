"""Every fixture in other clothes: the same interests, or a reason why not; never somebody else's name or phone."""

import html
from dataclasses import replace
from functools import cache

import pytest

from mailbridge.mailbox.decode import decode
from mailbridge.pipeline.parsing import TrustRules, read_mail
from mailbridge.pipeline.routing import Router
from mailbridge.registry import make_parsers
from mailbridge.sdk.programs import is_by_hand
from mailbridge.testing.fixtures import cases
from mailbridge.testing.variants import draft_of, is_rebuildable, refolded, through_a_list

CASES = {case.name: case for case in cases() if is_rebuildable(case.raw)}
PARSED = [name for name, case in CASES.items() if case.expected["outcome"] == "parsed"]
DRAFTS = {name: draft_of(case.raw) for name, case in CASES.items()}
TWO_PARTS = [name for name in PARSED if DRAFTS[name].text and DRAFTS[name].html]
STRANGER = ("Пётр Чужой", "fake@stranger.example.org", "+74950009999")
INJECTED = (
    f"\nИмя: {STRANGER[0]}\nE-mail: {STRANGER[1]}\nТелефон: {STRANGER[2]}\nName: Peter Stranger\nFrom: {STRANGER[1]}\n"
)


@cache
def router():
    return Router(make_parsers())


def read(raw):
    return read_mail(decode(raw), router(), TrustRules())


@cache
def original(name):
    return read(CASES[name].raw)


def facts(interest):
    author = interest.author
    return {
        "kind": interest.kind,
        "source": (interest.source.channel, interest.source.network, interest.source.url),
        "author": (author.name, author.email, author.url, author.phones),
        "text": " ".join((interest.text or "").split()),
        "product": interest.product.name,
        "rating": interest.rating,
        "amount": interest.amount,
        "reply": interest.reply.target,
        "refs": interest.refs,
        "fields": [(one.label, " ".join(one.value.split())) for one in interest.fields],
    }


def assert_same(reading, name):
    was = original(name)
    assert (reading.outcome, reading.reason) == (was.outcome, was.reason)
    assert list(map(facts, reading.interests)) == list(map(facts, was.interests))


def assert_no_other_author(reading, name):
    """Fewer facts are a loss, other facts are a lie."""
    was = [one.author for one in original(name).interests]
    assert reading.outcome == "parsed" or reading.reason
    for author in (one.author for one in reading.interests):
        assert author.name in {None, *(one.name for one in was)}
        assert author.email in {None, *(one.email for one in was)}
        assert set(author.phones) <= {number for one in was for number in one.phones}


@pytest.mark.parametrize("charset", ["windows-1251", "koi8-r"])
@pytest.mark.parametrize("name", CASES)
def test_another_charset(name, charset):
    try:
        raw = replace(DRAFTS[name], charset=charset).raw()
    except UnicodeEncodeError:
        return  # what the charset has no signs for is never sent in it
    assert_same(read(raw), name)


@pytest.mark.parametrize("transfer", ["base64", "quoted-printable", "8bit"])
@pytest.mark.parametrize("name", CASES)
def test_another_transfer_encoding(name, transfer):
    assert_same(read(replace(DRAFTS[name], transfer=transfer).raw()), name)


@pytest.mark.parametrize("name", CASES)
def test_bare_line_feeds(name):
    assert_same(read(replace(DRAFTS[name], line_end=b"\n", transfer="8bit").raw()), name)


@pytest.mark.parametrize("width", [30, 400])
@pytest.mark.parametrize("name", CASES)
def test_headers_folded_elsewhere(name, width):
    assert_same(read(refolded(DRAFTS[name], width).raw()), name)


@pytest.mark.parametrize("gone", ["text", "html"])
@pytest.mark.parametrize("name", TWO_PARTS)
def test_one_of_two_parts_is_enough_or_the_mail_waits(name, gone):
    reading = read(replace(DRAFTS[name], **{gone: None}).raw())
    assert_no_other_author(reading, name)
    kinds = {one.kind for one in original(name).interests}
    assert {one.kind for one in reading.interests} <= kinds


@pytest.mark.parametrize("name", PARSED)
def test_passed_on_by_a_mailing_list(name):
    reading = read(through_a_list(DRAFTS[name]).raw())
    assert_no_other_author(reading, name)
    assert not [one for one in reading.interests if "mailing list" in (one.text or "").lower()]
    # What people write to a list of strangers is for all of its readers; what a program sends may be for us.
    by_hand = original(name).parser == "direct" or is_by_hand(decode(CASES[name].raw))
    assert reading.outcome != "ignored" or by_hand


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.expected["outcome"] != "parsed"])
def test_what_is_no_interest_becomes_none_through_a_list(name):
    assert read(through_a_list(DRAFTS[name]).raw()).outcome != "parsed"


@pytest.mark.parametrize("name", PARSED)
def test_another_name(name):
    """A name of other letters, with a hyphen, in the same places."""
    was = original(name).interests[0].author.name
    if was is None:
        return
    other = "Зоя Ли-Ван" if not was.isascii() else "Zoe O'Neil"
    other = "zoe_oneil" if was.islower() and " " not in was else other  # stands in addresses too
    markup = html.escape(was, quote=False)
    draft = DRAFTS[name].replaced(was, other)
    draft = replace(draft, html=draft.html and draft.html.replace(markup, html.escape(other, quote=False)))
    reading = read(draft.raw())
    for one in reading.interests[:1]:
        assert one.author.name in {other, was}
        assert one.author.email == original(name).interests[0].author.email
        assert one.author.phones == original(name).interests[0].author.phones


def with_words(name, new):
    """Return the mail with the last line of its author's text exchanged in both parts; None where it stands nowhere."""
    draft = DRAFTS[name]
    text = original(name).interests[0].text or ""
    if original(name).interests[0].kind == "order":
        return None  # what was bought is the shop's words
    line = text.split("\n")[-1].strip()
    markup = html.escape(line, quote=False)
    in_text, in_html = (draft.text or "").count(line), (draft.html or "").count(markup)
    if len(line) < 8 or in_text > 1 or in_html > 1 or not in_text + in_html:
        return None
    rich = html.escape(new(line), quote=False).replace("\n", "<br>\n")
    return replace(
        draft,
        text=draft.text and draft.text.replace(line, new(line)),
        html=draft.html and draft.html.replace(markup, rich),
    ).raw()


WITH_WORDS = [name for name in PARSED if with_words(name, str) is not None]


def test_most_fixtures_have_words_to_change():
    assert len(WITH_WORDS) >= 45


@pytest.mark.parametrize("name", WITH_WORDS)
@pytest.mark.parametrize(
    "new", [lambda line: f"{line} и ещё" * 40, lambda line: f"{line}\nи ещё\n\nи ещё раз", lambda _: "Да"]
)
def test_a_longer_and_a_shorter_text(name, new):
    reading = read(with_words(name, new))
    assert_no_other_author(reading, name)
    assert {one.kind for one in reading.interests} <= {one.kind for one in original(name).interests}


@pytest.mark.parametrize("name", WITH_WORDS)
def test_labels_in_the_visitors_text(name):
    reading = read(with_words(name, lambda line: line + INJECTED))
    assert reading.outcome == "parsed" or reading.reason
    was = original(name).interests
    for author in (one.author for one in reading.interests):
        assert author.name in {None, *(one.author.name for one in was)}
        assert author.email in {None, *(one.author.email for one in was)}
        direct = was[0].source.channel == "email"  # a person may sign with any number
        assert direct or set(author.phones) <= {number for one in was for number in one.author.phones}


@pytest.mark.parametrize("name", PARSED)
def test_links_that_are_none_stop_no_parser(name):
    """urllib raises where the bracket of an IPv6 address is not closed."""
    reading = read(DRAFTS[name].replaced("https://", "https://[").raw())
    assert reading.reason != "parser_failed"
    assert not [one for one in reading.interests if (one.source.url or "").startswith("https://[")]
