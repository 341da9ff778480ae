"""Every fixture as it looks behind a company's mail gateway, and after programs that decorate what they pass on."""

import html
import re
import unicodedata
from dataclasses import replace
from functools import cache
from urllib.parse import quote

import pytest

from mailbridge.mailbox.decode import decode
from mailbridge.pipeline.parsing import TrustRules, read_mail
from mailbridge.pipeline.routing import Router
from mailbridge.registry import make_parsers
from mailbridge.testing.fixtures import cases
from mailbridge.testing.variants import draft_of, is_rebuildable

DRAFTS = {case.name: draft_of(case.raw) for case in cases() if is_rebuildable(case.raw)}
HREF = re.compile(r"""(<a\b[^>]*?\bhref\s*=\s*["'])(https?://[^"']+)(["'])""", re.IGNORECASE)
URL = re.compile(r"https?://[^\s<>\"]+")
NOT_WORDS = re.compile(
    r"(<!--.*?-->|<style.*?</style>|<title.*?</title>|<script.*?</script>|<[^>]*>)", re.DOTALL | re.IGNORECASE
)
CAUTION = """CAUTION: This email originated from outside of the organization. Do not click links or open attachments
unless you recognize the sender and know the content is safe."""
WARNING = "ВНИМАНИЕ! Письмо пришло от внешнего отправителя. Не переходите по ссылкам и не открывайте вложения."
SCANNED = "This email has been checked for viruses by Avast antivirus software."
DISCLAIMER = """This e-mail and any attachments are confidential and intended solely for the addressee. If you are not
the intended recipient, please notify the sender and delete this message."""


@cache
def router():
    return Router(make_parsers())


def read(draft):
    return read_mail(decode(draft.raw()), router(), TrustRules(override="off"))


def facts(reading):
    """All that was read but what names the bytes: where nothing else names the event its id is made of them."""
    kept = []
    for one in reading.interests:
        card = one.model_dump(exclude={"id", "mail", "author"})
        kept.append((card, one.author.name, one.author.email, one.author.url, one.author.phones))
    return reading.outcome, reading.reason, kept


def with_links(draft, link):
    markup = draft.html and HREF.sub(lambda m: m[1] + html.escape(link(html.unescape(m[2]))) + m[3], draft.html)
    return replace(draft, html=markup, text=draft.text and URL.sub(lambda m: link(m[0]), draft.text))


def with_words(draft, change):
    pieces = NOT_WORDS.split(draft.html or "")
    markup = "".join(one if one.startswith("<") or not one.strip() else change(one) for one in pieces)
    return replace(draft, html=draft.html and markup)


def between(draft, above, below):
    """Put a box on top of both bodies and a footer below them."""
    first, _, rest = above.partition(" ")
    box = f'<table><tr><td style="width:5px"></td><td><b>{first}</b> {rest}</td></tr></table>'
    markup = draft.html and re.sub(r"(<body[^>]*>)|\A(?![\s\S]*<body)", lambda m: m[0] + box, draft.html, count=1)
    markup = markup and re.sub(r"</body>|\Z", lambda m: f"<hr><p>{below}</p>{m[0]}", markup, count=1)
    return replace(draft, html=markup, text=draft.text and f"{above}\n\n{draft.text}\n\n-- \n{below}\n")


def behind_safe_links(draft):
    tagged = draft.with_header("Subject", "[EXTERNAL] " + draft.header("Subject"))
    host = "https://eur03.safelinks.protection.outlook.com/?url="
    wrapped = with_links(tagged, lambda url: f"{host}{quote(url, safe='')}&data=05%7C02&sdata=Zx9%3D&reserved=0")
    return between(wrapped, CAUTION, SCANNED)


def behind_url_defense(draft):
    def defended(url):
        escaped = re.sub(r"[^A-Za-z0-9./]", lambda m: "".join(f"-{byte:02X}" for byte in m[0].encode()), url)
        return f"https://urldefense.proofpoint.com/v2/url?u={escaped.replace('/', '_')}&d=DwMFaQ&c=x&e="

    return between(with_links(draft, defended), WARNING, DISCLAIMER)


def decorated(draft):
    """Tracking pixels, conditional comments for Outlook, spans for dark mode."""
    marked = with_words(draft, lambda words: f'<span data-ogsc="black" style="color:inherit">{words}</span>')
    pixel = '<img src="https://t.example/o.gif" width="1" height="1" alt="">'
    comment = "<!--[if mso]><table><tr><td>Anna Stranger commented<![endif]-->"
    return replace(marked, html=marked.html and re.sub(r"<td[^>]*>", lambda m: m[0] + pixel + comment, marked.html))


def with_unseen_signs(draft):
    """Accents apart from their letters, zero-width signs and soft hyphens."""
    loose = with_words(
        draft, lambda words: "&zwnj;" + re.sub(r"(\w{4})(?=\w{3}(?![^&]*;))", "\\1\u00ad", words) + "&#8203;"
    )
    text = draft.text and re.sub(r"(?<=[а-яё]{3})(?=[а-яё]{3})", "\u200b", draft.text)
    return replace(
        loose,
        html=loose.html and unicodedata.normalize("NFD", loose.html),
        text=text and unicodedata.normalize("NFD", text),
    )


@pytest.mark.parametrize("change", [behind_safe_links, behind_url_defense, decorated, with_unseen_signs])
@pytest.mark.parametrize("name", DRAFTS)
def test_the_same_is_read(name, change):
    assert facts(read(change(DRAFTS[name]))) == facts(read(DRAFTS[name]))


@pytest.mark.parametrize("name", DRAFTS)
def test_links_that_nobody_can_read_make_no_other_author(name):
    """Where links tell who and where, the mail waits; a form is read, without its page."""
    was = read(DRAFTS[name])
    reading = read(
        with_links(DRAFTS[name], lambda url: f"https://protect-eu.mimecast.com/s/Ab1?domain={url.split('/')[2]}")
    )
    names = {None, *(one.author.name for one in was.interests)}
    assert {one.author.name for one in reading.interests} <= names
    assert {one.author.email for one in reading.interests} <= {None, *(one.author.email for one in was.interests)}
    assert was.outcome != "ignored" or reading.outcome != "parsed"
