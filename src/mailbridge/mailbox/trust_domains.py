"""Which domains belong to one organisation (RFC 7489 §3.2), offline and erring on the side of "not the same"."""

# Second labels under which the registries of two-letter domains sell names.
_REGISTRY_LABELS = frozenset(
    "ac co com edu gob gov go gr in info ltd me mil msk ne net nhs nom nov or org plc police pp sch spb".split()  # noqa: SIM905
)
# Further suffixes where each name below belongs to somebody else: cities, hosters, site builders.
_SHARED = frozenset(
    "kiev.ua kyiv.ua lviv.ua od.ua kharkov.ua kh.ua dp.ua dn.ua zp.ua ck.ua biz.ua ru.com ru.net com.ru "  # noqa: SIM905
    "eu.com uk.com us.com de.com za.com co.com github.io gitlab.io herokuapp.com blogspot.com blogspot.ru "
    "wordpress.com tilda.ws narod.ru ucoz.ru ucoz.net ucoz.com appspot.com firebaseapp.com web.app netlify.app "
    "vercel.app pages.dev workers.dev myshopify.com azurewebsites.net cloudfront.net amazonaws.com onmicrosoft.com "
    "sharepoint.com myjino.ru beget.tech bget.ru tmweb.ru h1n.ru hostland.pro nethouse.ru wixsite.com turbo.site "
    "livejournal.com insales.ru myinsales.ru justclick.ru getcourse.ru bitrix24.ru bitrix24.com bitrix24.site "
    "amocrm.ru umi.ru fo.ru jimdo.com weebly.com squarespace.com zendesk.com freshdesk.com mailgun.org".split()
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


def organisation(domain: str) -> str:
    """Return the registered domain: "mail.example.co.uk" → "example.co.uk"; the domain itself when it has one label."""
    labels = domain.split(".")
    suffix = 1
    if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _REGISTRY_LABELS:
        suffix = 2
    if ".".join(labels[-2:]) in _SHARED:
        suffix = 2
    return ".".join(labels[-suffix - 1 :])


def is_same_organisation(one: str, other: str) -> bool:
    """Whether two domains are aligned in the relaxed sense of DMARC."""
    return bool(one) and "." in one and organisation(one) == organisation(other)
