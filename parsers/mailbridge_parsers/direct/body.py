"""The body of a person's mail as text, whatever parts it has."""

import re
from itertools import islice

from mailbridge.sdk import Html, Mail, clean

_MARKUP = re.compile(r"\A\s*(?:<!doctype|<html|<head|<body|<table|<div|<p[\s>])", re.IGNORECASE)
# What mail programs wrap a quoted mail in.
_QUOTES = (
    "div.gmail_quote, blockquote.gmail_quote, blockquote[type=cite], div.moz-cite-prefix, div.yahoo_quoted, "
    "div#divRplyFwdMsg ~ *, div#appendonsend ~ *, blockquote.gmail_quote, div.WordSection1 ~ blockquote"
)
_MOST = 50
"""So many quotes and signatures are taken out, the outer ones first: each costs a look over all it holds."""
_SIGNATURES = "div.gmail_signature, span.gmail_signature_prefix, div.moz-signature, pre.moz-signature"


def words_of(mail: Mail) -> str:
    """Return the text part, or the HTML body as text when there is none or the text part holds markup."""
    if mail.text.strip() and not _MARKUP.match(mail.text):
        return mail.text
    return mail.html.text if mail.html else Html(mail.text).text


def is_html_only(mail: Mail) -> bool:
    """Whether the words come from HTML."""
    return bool(mail.html) and not (mail.text.strip() and not _MARKUP.match(mail.text))


def html_words(mail: Mail) -> tuple[str, str]:
    """Return an HTML body without its quoted mails, and the signature apart, as far as the mail program marked them."""
    whole = mail.html.text
    for quote in islice(mail.html.select(_QUOTES), _MOST):
        whole = _without_last(whole, quote.text)
    signatures = []
    for signature in islice(mail.html.select(_SIGNATURES), _MOST):
        if signature.text in {"--", "-- "}:
            continue
        without = _without_last(whole, signature.text)
        if without != whole:
            signatures.append(signature.text)
            whole = without
    return clean(whole).removesuffix("--").rstrip(), "\n".join(signatures)


def _without_last(whole: str, part: str) -> str:
    before, found, after = whole.rpartition(part) if part.strip() else (whole, "", "")
    return f"{before.rstrip()}\n{after.lstrip()}" if found else whole
