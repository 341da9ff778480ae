"""Links of an interest that lead to a host which only looks like a known one."""

import re
from collections.abc import Iterable, Iterator

from mailbridge.sdk.interest import Interest
from mailbridge.sdk.links import host_of, parts_of, unwrap_url, urls_in
from mailbridge.sdk.lookalike_hosts import imitated_by, is_known
from mailbridge.sdk.lookalikes import hosts_in, shown_host

LOOKALIKE_LINK = "lookalike_link"
"""The label of an interest that has such a link."""

_LONGEST = 50_000
_BARE = re.compile(r"(?<![\w@./:-])(?:[\w-]+\.){1,8}(?:[a-z]{2,24}|xn--[a-z0-9]+|рф)(?=[/:?\s,;!)»\"]|\.?(?:\s|$))")
_USUAL = re.compile(
    r"app|biz|by|cc|club|com?|de|dev|eu|example|in|info|io|kz|me|net|online|org|pro|ru|shop|site|store|su|test|to|top|tv"
    r"|u[aks]|xyz|рф"
)
"""Ends of host names; of a name of two words without a path, as in "a google.docs file", nothing else is one."""


def lookalike_links(interest: Interest) -> tuple[tuple[str, str], ...]:
    """Return (host, known host that it looks like) of links and words of an interest, each once, in card order."""
    return tuple(dict.fromkeys(_found(interest)))


def _found(interest: Interest) -> Iterator[tuple[str, str]]:
    for url in _links(interest):
        host = host_of(unwrap_url(url))
        if known := imitated_by(host) or _before_the_at(url):
            yield host, known


def _links(interest: Interest) -> Iterator[str]:
    source, author, product, reply = interest.source, interest.author, interest.product, interest.reply
    given = (source.url, author.url, author.photo_url, product.url, reply.target if reply.method == "link" else None)
    yield from (url for url in given if url)
    yield from _in_texts(
        [source.title, author.name, product.name, interest.text, *(one.value for one in interest.fields)]
    )


def _in_texts(texts: Iterable[str | None]) -> Iterator[str]:
    for text in texts:
        if text and "." in text:
            part = text[:_LONGEST]
            yield from (part[start:end] for start, end in urls_in(part))
            yield from (f"https://{host}" for host in _bare_hosts(part))


def _bare_hosts(text: str) -> Iterator[str]:
    for found in _BARE.finditer(text):
        host = found.group()
        last = host.rpartition(".")[2]
        if host.count(".") > 1 or _USUAL.fullmatch(last) or text[found.end() : found.end() + 1] == "/":
            yield host


def _before_the_at(url: str) -> str | None:
    """Return a known host that stands where a link has the name of a user: https://vk.com@evil.example."""
    user, sign, _ = parts_of(url).netloc.rpartition("@")
    return next((host for host in hosts_in(user) if is_known(host)), None) if sign else None


def told(host: str) -> str:
    """Return a host as people should see it: with letters that are not Latin also as a browser writes them."""
    shown = shown_host(host)
    return host if shown == host else f"{host} ({shown})"
