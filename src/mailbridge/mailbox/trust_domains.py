"""Which domains belong to one organisation (RFC 7489 §3.2), offline and erring on the side of "not the same"."""

from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

# Hosters and site builders where each name below belongs to somebody else, and which the public list does not have.
_SHARED = frozenset(
    "blogspot.ru wordpress.com tilda.ws narod.ru ucoz.ru ucoz.net ucoz.com amazonaws.com onmicrosoft.com "  # noqa: SIM905
    "sharepoint.com beget.tech bget.ru tmweb.ru h1n.ru hostland.pro nethouse.ru turbo.site livejournal.com insales.ru "
    "myinsales.ru justclick.ru getcourse.ru bitrix24.ru bitrix24.com bitrix24.site amocrm.ru umi.ru fo.ru jimdo.com "
    "weebly.com squarespace.com zendesk.com freshdesk.com mailgun.org".split()
)


def normal_domain(domain: str) -> str:
    """Return a domain in lower case as A-label without a final dot."""
    domain = domain.strip().strip(".").lower()
    if domain.isascii() or len(domain) > 253:
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


def is_within(domain: str, parent: str) -> bool:
    """Whether the domain is the parent or a subdomain of it."""
    return bool(parent) and (domain == parent or domain.endswith("." + parent))


@lru_cache(maxsize=4096)
def organisation(domain: str) -> str:
    """Return the registered domain: "mail.example.co.uk" → "example.co.uk"; the domain itself when there is none."""
    labels = domain.split(".")
    if not labels[-1].replace("-", "").isalnum() or labels[-1].isdecimal():
        return domain  # an address literal such as [192.0.2.1]
    shared = next((place for place in range(1, len(labels)) if ".".join(labels[place:]) in _SHARED), None)
    if shared is not None:
        return ".".join(labels[shared - 1 :])
    return _public_suffixes().privatesuffix(domain) or domain


@cache
def _public_suffixes() -> "PublicSuffixList":
    """The list that the package brings along: nothing is fetched, and a suffix it does not know has one label."""
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(accept_unknown=True)


def is_same_organisation(one: str, other: str) -> bool:
    """Whether two domains are aligned in the relaxed sense of DMARC."""
    return bool(one) and "." in one and organisation(one) == organisation(other)
