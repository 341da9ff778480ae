"""What is fuzzed, by what, and what must hold whatever comes: never an exception, never long, plain text only."""

import dataclasses
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from hypothesis import strategies as st

from fuzzing import mails
from mailbridge.mailbox.decode import Undecodable, decode
from mailbridge.mailbox.headers_addresses import parse_addresses
from mailbridge.mailbox.receiving import Receiving
from mailbridge.mailbox.trust import judge
from mailbridge.mailbox.trust_results import parse_results
from mailbridge.pipeline.parsing import TrustRules
from mailbridge.registry import make_parsers
from mailbridge.sdk import Headers, fold
from mailbridge.sdk.links import canonical_url, unwrap_url, urls_in
from mailbridge.testing.anonymise.fixture import anonymised
from mailbridge.worker import job_of, read_raw, router_of

MOST_S = 5
"""CPU that one example may take. What is read of it in production may take `[limits] parse_s`."""
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class TooLong(AssertionError):  # noqa: N818 - says what happened
    """The example was stopped."""


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """One part of the program that reads what strangers wrote.

    Attributes:
        name: As given to TARGET=.
        says: What must hold, for the table.
        examples: Draws its input.
        check: Raises when it does not hold.
    """

    name: str
    says: str
    examples: Callable[[], st.SearchStrategy[Any]]
    check: Callable[[Any], None]

    def __call__(self, example: Any) -> None:
        with limited():
            self.check(example)


@contextmanager
def limited() -> Iterator[None]:
    """Stop what takes too long, even when it never ends; CPU counts, so that a busy machine makes nothing fail."""

    def stop(_signal: int, _frame: object) -> None:
        raise TooLong(f"more than {MOST_S} s of CPU")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, MOST_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def check_decode(raw: bytes) -> None:
    first, second = _decoded(raw), _decoded(raw)
    assert first == second, "the same bytes gave two mails"
    if isinstance(first, str):
        assert first != "decoder_failed", "the decoder raised"
        return
    assert len(first["subject"].splitlines()) < 2, "a subject of several lines"
    texts = [first["text"], first["html_source"], *(value for _, value in first["headers"])]
    for text in texts:
        text.encode("utf-8")  # no lone surrogates: neither a ledger nor a CRM would take them
    assert "\r" not in first["text"]


def _decoded(raw: bytes) -> dict[str, Any] | str:
    try:
        mail = decode(raw)
    except Undecodable as error:
        return error.reason
    kept = {field.name: getattr(mail, field.name) for field in dataclasses.fields(mail)}
    return kept | {"headers": list(mail.headers), "inner": len(mail.inner)}


_RESULTS = st.lists(
    st.sampled_from([
        "mx.example.net", "; ", ";", "dmarc=pass", "dkim = pass", "spf=fail", " header.from=shop.example",
        " header.d=", "(",
        ")", '"', "\\", "\x00", 'reason="a;b"', " policy.iprev=192.0.2.1", "/1", "1", "=", "none", "i=1", "й",
        "\n ", ".",
        "header.i=@shop.example", "bestguesspass", "action=none", "((((((((", "))))", " ", "\t",
    ])
    | st.text(max_size=5),
    max_size=40,
).map("".join)  # fmt: skip
_FIELDS = st.lists(
    st.tuples(
        st.sampled_from(
            ["Authentication-Results", "ARC-Authentication-Results", "Received", "DKIM-Signature", "From", "X"]
        ),
        _RESULTS | mails.VALUES,
    ),
    max_size=8,
)


def results() -> st.SearchStrategy[Any]:
    return st.tuples(_RESULTS, _FIELDS)


def check_results(example: tuple[str, list[tuple[str, str]]]) -> None:
    value, fields = example
    read = parse_results(value)
    assert read == parse_results(value)
    for result in read.results:
        assert result.method == result.method.lower()
        assert all("." in name for name in result.properties)
    closed = f"mx.example.net; spf=none ({value.replace('(', '').replace(')', '').replace(chr(92), '')})"
    assert {one.method for one in parse_results(closed).results} <= {"spf"}, "a comment said something"
    said = ("Authentication-Results", "mx.example.net; dmarc=fail header.from=shop.example; dkim=none")
    hand_over = ("Received", "from x (evil.example [203.0.113.66]) by mx.example.net (Postfix) with ESMTPS id 1")
    headers = Headers((said, hand_over, *fields, ("From", "info@shop.example")))
    for receiving in (Receiving(), Receiving("mx.example.net"), Receiving(forwarders=("partner.example",))):
        trust = judge(headers, parse_addresses(headers.all("From"), 100, []), receiving)
        assert trust.verdict != "pass", "what a stranger wrote was believed"


_LINK_PIECES = st.sampled_from([
    "http://", "https://", "HTTPS://", "//", "www.", "javascript:", "data:text/html,", "shop.example",
    "facebook.com/l.php?u=",
    "https://vk.com/away.php?to=", "https%3A%2F%2Fa.example", "%2525", "%", "%zz", "@", "user:pw@", ":443",
    ":99999", "[::1]",
    "[", "]", "/../", "?utm_source=x", "&token=abc", "#:~:text=x", "&amp;", "\\", "\t", "\n", "\x00",
    "аррӏе.example", "。", "­",
    "xn--", "xn--80ak6aa92e.com", "..", " ", "a", "/", "?", "=", ";", "\u202e", "\ud800", "ß", "İ", "١٢",
])  # fmt: skip
LINKS = st.lists(_LINK_PIECES | st.text(max_size=4), max_size=25).map("".join)


def check_links(url: str) -> None:
    once = canonical_url(url)
    assert canonical_url(once) == once, f"two forms: {once!r} and {canonical_url(once)!r}"
    unwrap_url(url)
    for start, end in urls_in(url):
        assert 0 <= start < end <= len(url)
    if once:
        parts = urlsplit(once)
        assert parts.scheme in {"http", "https"}
        assert parts.hostname
        assert "@" not in parts.netloc, "credentials stay"
        assert once.isascii(), "letters that may look like others"
        assert not re.search(r"[\s<>\"\x00-\x1f]", once), "signs that end a link elsewhere"


@cache
def _router() -> Any:
    return router_of({})


def check_forms(raw: bytes) -> None:
    reading = read_raw(job_of(raw), _router(), TrustRules()).reading
    assert reading.reason not in {"parser_failed", "decoder_failed"}, reading.detail
    for interest in reading.interests:
        for text in _texts(interest.model_dump(mode="json")):
            assert not _UNSEEN.search(text), f"unseen signs in {text!r}"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def forms() -> st.SearchStrategy[bytes]:
    clean = mails.PERSONS.flatmap(mails.form_of)
    return st.one_of(clean, clean, mails.changed(), mails.spliced())


def check_anonymiser(example: tuple[mails.Person, bytes, bytes]) -> None:
    """What it calls clean is clean, by a look of one's own; what is well formed, it makes clean."""
    person, form, strange = example
    made = anonymised(form, _parsers(), seed=1)
    assert made.survived == (), f"survived: {made.survived}"
    left = _left_of(person, made.raw)
    assert not left, f"called clean and holds {left}"
    try:
        anonymised(strange, _parsers(), seed=1)
    except Undecodable:
        return


@cache
def _parsers() -> Any:
    return make_parsers()


def _left_of(person: mails.Person, raw: bytes) -> list[str]:
    mail = decode(raw)
    read = "\n".join([*(value for _, value in mail.headers), mail.text, mail.html_source, mail.html.text])
    seen = fold(read + raw.decode("latin-1"))
    digits = re.sub(r"\D", "", person.phone)[-7:]
    return [word for word in person.words if fold(word) in seen] + [digits] * (digits in re.sub(r"\D", "", read))


def _persons_mails() -> st.SearchStrategy[Any]:
    return mails.PERSONS.flatmap(
        lambda person: st.tuples(st.just(person), mails.form_of(person, is_odd=False), mails.mails())
    )


TARGETS = {
    one.name: one
    for one in (
        Target("decode", "a mail or a reason; the same twice; text that can be stored", mails.mails, check_decode),
        Target(
            "results",
            "strangers are never believed, comments say nothing",
            lambda: st.tuples(_RESULTS, _FIELDS),
            check_results,
        ),
        Target("links", "one form, http(s), no credentials, ASCII", lambda: LINKS, check_links),
        Target("forms", "no parser fails; plain text only", forms, check_forms),
        Target("anonymiser", "no name, number or address survives", _persons_mails, check_anonymiser),
    )
}
