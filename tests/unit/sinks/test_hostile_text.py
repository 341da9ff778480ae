"""Whatever a visitor writes: what the sinks would send is plain, harmless, and as long as each field takes."""

import re
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbridge.sdk import Author, FileRef, FormField, NoTokens, Product, Refs, Source
from mailbridge.testing.interests import make_card, make_delivery
from mailbridge_sinks.amocrm import AmocrmSink
from mailbridge_sinks.bitrix24 import Bitrix24Sink
from mailbridge_sinks.salesforce import SalesforceSink

URL = "https://firm.example/rest/1/code/"
MAPPED = {"text": "UF_CRM_TEXT", "author.name": "UF_CRM_NAME", "product.name": "UF_CRM_WHAT"}
OF_LEAD = {"text": "Answer__c", "author.name": "Who__c", "product.name": "What__c"}
SINKS = [
    pytest.param(Bitrix24Sink, {"url": URL, "fields": MAPPED, "todo": {"text": "x"}}, id="bitrix24"),
    pytest.param(AmocrmSink, {"url": "https://f.amocrm.ru", "token": "t", "task": {"text": "x"}}, id="amocrm"),
    pytest.param(SalesforceSink, {"url": "https://f.my.salesforce.com", "token": "t", "fields": OF_LEAD}, id="sf"),
]  # fmt: skip
LONGEST = {
    "title": 255, "name": 255, "LastName": 80, "FirstName": 40, "lastName": 50, "Subject": 255, "utmSource": 255,
    "Answer__c": 255, "Who__c": 255, "What__c": 255, "Description": 32_000,
}  # fmt: skip
MARKUP = re.compile(r"[\[<](?=[A-Za-z/*!?])")
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
FORMULA = re.compile(r"\s*[=+\-@][^\n]*?(?:HYPERLINK\(|cmd\|)")
PIECES = st.sampled_from((
    "[url=https://evil.example]x[/url]", "<script>x</script>", '=HYPERLINK("https://evil.example")', "+1+cmd|'/C x'!A1",
    "\x1b[31m", "\u202e", "\x00", "\ud800", "\n", "\r", "x" * 300, "ы" * 200, "🎂" * 90, " ", "Иван", "👩‍👩‍👧", "=",
))  # fmt: skip
HOSTILE = st.lists(PIECES, max_size=6).map("".join)


def strings(value, name="") -> Iterator[tuple[str, str]]:
    """Yield every text of a body under the name of its field."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from strings(inner, key)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from strings(inner, name)


def interest_of(text):
    return make_card(
        1, text=text or "x", author=Author(name=text, phones=("+79120000001", text), email="a@example.org"),
        product=Product(name=text), source=Source(title=text, channel="form", network="tilda", url="https://a.example/"),
        fields=(FormField(label=text, value=text), FormField(label="utm_source", value=text)), labels=(text,),
        refs=Refs(order=text), attachments=(FileRef(name=text, media_type="x/y", size=1, sha256="0" * 64),),
    )  # fmt: skip


@pytest.mark.parametrize(("kind", "given_settings"), SINKS)
@settings(max_examples=40)
@given(text=HOSTILE)
def test_what_would_be_sent_is_harmless_and_fits(kind, given_settings, text):
    sink = kind(kind.Config(**given_settings), tokens=NoTokens())
    for planned in sink.plan([make_delivery(interest_of(text))]):
        for name, sent in strings(planned.body):
            assert not UNSEEN.search(sent), name
            assert not FORMULA.match(sent), name
            assert len(sent) <= LONGEST.get(name, 65_535), name
            if name in {"COMMENT", "comments"}:
                assert not MARKUP.search(sent), name
    sink.close()
