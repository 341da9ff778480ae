"""The part of a mail's head that our own servers wrote, told by its Received fields (RFC 5321 §4.4)."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from mailbridge.mailbox.trust_domains import is_same_organisation, normal_domain, organisation
from mailbridge.mailbox.trust_results import without_comments

_BY = re.compile(r"(?:^|\s)by\s+(\S+)", re.IGNORECASE)
_FROM = re.compile(r"\s*from\s+(\S+)", re.IGNORECASE)
_ANGLE = re.compile(r"<[^<>]*>")
_WITHIN = re.compile(r"\(([^()]*(?:\([^()]*\)[^()]*)*)\)")
_IP = re.compile(
    r"(?<![\w.])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:\d{1,3}(?:\.\d{1,3}){3})?)(?![\w.])",
    re.IGNORECASE,
)
_HELO = re.compile(r"\b(?:helo|ehlo)[=\s]\s*[^\s)]+", re.IGNORECASE)
_LITERAL = re.compile(r"\s*from\s+\[([^\]\s]*)\]", re.IGNORECASE)
_NAMED_IP = re.compile(r"^\s*([\w.-]+)\s+\[")
_LOCAL_PROTOCOL = re.compile(r"\swith\s+(?:LMTP\w*|IMAP|POP3)\b", re.IGNORECASE)
_QMAIL = re.compile(r"\s*\(qmail \d+ invoked (?:by|from|for) ", re.IGNORECASE)
# Not ipaddress.is_private: that counts addresses of documentation and others that may well be strangers.
_PRIVATE = tuple(
    ipaddress.ip_network(block)
    for block in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)


@dataclass(frozen=True, slots=True)
class Below:
    """How a service writes its results below its own Received field, where a stranger's head begins as well.

    A stranger may write the same fields, so results there count only where the service's own field comes before them,
    which closes the place to him: it is there whatever the service found.

    Attributes:
        between: Fields that it puts between the two.
        own: The one of them that has to be there.
        until: Mails that it took from this year on (UTC) say the same above, so nothing below is needed; None = never.
    """

    between: re.Pattern[str]
    own: re.Pattern[str]
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    """A mail service whose servers have many names.

    Attributes:
        name: As a person names it in the configuration: a receiver profile.
        organisations: Registered domains of its servers.
        networks: Addresses that only its own servers have.
        names_itself: False: its results carry no authserv-id.
        below: How its results stand below the field of the hand-over; None = they stand above it.
    """

    name: str
    organisations: frozenset[str]
    networks: tuple[str, ...] = ()
    names_itself: bool = True
    below: Below | None = None


GOOGLE = Provider(
    "gmail",
    frozenset(["google.com", "googlemail.com", "gmail.com"]),
    # Since 2017 its seal (ARC) repeats the results above.
    below=Below(
        between=re.compile(r"received-spf|return-path|x-received|x-google-.*|x-gm-.*", re.IGNORECASE),
        own=re.compile(r"received-spf", re.IGNORECASE),
        until=2018,
    ),
)
_PROVIDERS = (
    GOOGLE,
    Provider(
        "yandex",
        frozenset(["yandex.net", "yandex.ru", "yandex.com", "ya.ru"]),
        networks=("2a02:6b8::/32",),
        # A mail without results has X-Yandex-Spam there, which ends what counts; X-Yandex-Front until about 2021.
        below=Below(
            between=re.compile(r"return-path|x-yandex-(?:front|timemark|fwd)", re.IGNORECASE),
            own=re.compile(r"x-yandex-(?:front|fwd)", re.IGNORECASE),
        ),
    ),
    Provider(
        "m365",
        frozenset(["outlook.com", "office365.com", "microsoft.com", "hotmail.com"]),
        networks=(
            "2603:1096::/32",
            "2603:10a6::/32",
            "2603:10b6::/32",
            "2603:10c6::/32",
            "2603:10d6::/32",
            "2603:10e6::/32",
        ),
        names_itself=False,
    ),
    Provider("mailru", frozenset(["mail.ru", "smailru.net"])),
    Provider("fastmail", frozenset(["messagingengine.com", "fastmail.com"])),
    Provider("icloud", frozenset(["icloud.com", "apple.com", "me.com", "mac.com"])),
    Provider("yahoo", frozenset(["yahoo.com", "yahoodns.net", "aol.com"])),
    Provider("rambler", frozenset(["rambler.ru", "rambler-co.ru"])),
    Provider("gmx", frozenset(["gmx.net", "gmx.com", "web.de", "kundenserver.de"])),
)


PROFILES = {one.name: one for one in _PROVIDERS}
"""Receivers that a person may name by one word instead of a host."""


def provider_of(host: str) -> Provider | None:
    """Return the mail service that a server belongs to; Google's inner servers have addresses for names."""
    if host.startswith("2002:a"):
        return GOOGLE
    return next((one for one in _PROVIDERS if organisation(host) in one.organisations), None)


@dataclass(frozen=True, slots=True)
class Path:
    """How a mail came in.

    Attributes:
        hosts: Our servers that it passed, the last one first; empty when no field tells.
        end: Number of the first field that a stranger may have written.
    """

    hosts: tuple[str, ...]
    end: int


def incoming_path(fields: Sequence[tuple[str, str]]) -> Path:
    """Follow the Received fields from the top down to the one where a stranger handed the mail over.

    What stands above a field was written after it; so each server that we reach this way is our own. A field without
    a stranger in it (a private address, local delivery, a verified name of ours) leads one further.
    """
    hosts: list[str] = []
    end: int | None = None
    for place, (name, value) in enumerate(fields):
        if name.lower() != "received":
            continue
        host = by_host(value)
        if host:
            hosts.append(host)
        end = place
        if not _is_internal(value, hosts):
            break
    return Path(tuple(hosts), len(fields) if end is None else end)


def by_host(value: str) -> str:
    """Return the server that wrote a Received field, "" when it does not say."""
    found = list(_BY.finditer(_bare(value)))
    return normal_domain(found[-1].group(1).strip("[];,")) if found else ""


def peer_address(value: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address that handed a mail over, as the server that wrote the Received field saw it itself.

    None when it tells none, or several: the name that the client gave (HELO) can look like an address.
    """
    by = list(_BY.finditer(_bare(value)))
    sender = _HELO.sub(" ", value[: value.rfind(by[-1].group(1))] if by else value)
    seen = {one for found in _WITHIN.finditer(sender) for one in _addresses(found.group(1))}
    if not seen and (literal := _LITERAL.match(sender)):
        seen = set(_addresses(literal[1]))  # Exim without a name: "from [192.0.2.1] (helo=…) by"
    return seen.pop() if len(seen) == 1 else None


def peer_name(value: str) -> str:
    """Return the name of the server that handed a mail over: as the receiving server looked it up, else as it said."""
    by = list(_BY.finditer(_bare(value)))
    sender = value[: value.rfind(by[-1].group(1))] if by else value
    looked_up = next((found for one in _WITHIN.finditer(sender) if (found := _NAMED_IP.match(one.group(1)))), None)
    said = looked_up or _FROM.match(sender)
    return normal_domain(said[1].strip("[]();,")) if said else ""


@lru_cache(maxsize=8)  # each field is looked at several times
def _bare(value: str) -> str:
    return _ANGLE.sub(" ", without_comments(value))


def _is_internal(value: str, hosts: Sequence[str]) -> bool:
    if _QMAIL.match(value):
        return True
    bare = _bare(value)
    by = list(_BY.finditer(bare))
    if not by_host(value):
        return False
    if _LOCAL_PROTOCOL.search(bare, by[-1].start()):
        return True
    if not _FROM.match(value):
        return _ip(hosts[-1]) is not None  # one of Google's inner servers
    sender = value[: value.rfind(by[-1].group(1))]
    return _is_ours_inside(sender, hosts, value)


def _is_ours_inside(sender: str, hosts: Sequence[str], value: str) -> bool:
    """Judge the from clause by what the server saw itself, never by the name the client gave."""
    comments = [found.group(1) for found in _WITHIN.finditer(sender)]
    seen = [address for comment in comments for address in _addresses(comment)]
    if not seen:
        return False
    if all(_is_in(address, _PRIVATE) for address in seen):
        return True
    provider = provider_of(hosts[-1])
    networks = tuple(ipaddress.ip_network(block) for block in provider.networks) if provider else ()
    if networks and all(_is_in(address, (*networks, *_PRIVATE)) for address in seen):
        return True
    named = _NAMED_IP.match(comments[0])
    # Postfix writes a name only when it leads back to the address.
    if named is None or "(Postfix)" not in value or "may be forged" in value:
        return False
    return any(is_same_organisation(normal_domain(named[1]), host) for host in hosts)


_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _addresses(comment: str) -> list[_Address]:
    found = [_ip(match.group()) for match in _IP.finditer(comment.replace("IPv6:", " ").replace("::ffff:", " "))]
    return [address for address in found if address is not None]


def _ip(text: str) -> _Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _is_in(address: _Address, networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)
