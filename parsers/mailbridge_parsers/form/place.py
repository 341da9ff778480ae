"""Where the form stands: page, name, and when it was sent."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailbridge.sdk import FormField, Mail, Precision, fold
from mailbridge.sdk.dates import date_in_mail
from mailbridge.sdk.links import canonical_url, host_of, query_of, urls_in
from mailbridge_parsers.form.contacts import Contacts, filled
from mailbridge_parsers.form.footers import is_footer
from mailbridge_parsers.form.item import Style
from mailbridge_parsers.form.labels import Role
from mailbridge_parsers.form.reading import Field, Reading
from mailbridge_parsers.form.site import FREE_DOMAINS, Site

_ADMIN = re.compile(
    r"/(?:wp-admin|administrator|bitrix/admin|admin|backend|manager|dashboard)(?:/|\b)|index\.php\?route=sale/"
)
_ACTS = re.compile(
    r"[?&](?:task|cmd|action|act)=[\w-]{0,30}(?:publish|delete|remove|approve|spam|trash|moderat|reject|ban\b|cmd)",
    re.IGNORECASE,
)
_NAMED_BY = frozenset({Role.PAGE_TITLE, Role.SUBJECT, Role.PRODUCT})
_MAY_LINK = frozenset({None, Role.PRODUCT})
_NOT_THE_SITE = re.compile(r"unsubscribe|powered by|built with|created with|отписаться|работает на", re.IGNORECASE)
_SITE_IN_FOOTER = re.compile(r"\((?P<name>[^()]{1,120}?)\s+(?P<url>https?://[^\s()]+)\)")
_NUMBERED_FORM = re.compile(r"^\[\d+\]\s*")
_BLOCK = re.compile(r"rec\d+|wpcf7\S*|form\S*|popup\S*|gf_\d+|b\d{5,}|callback|order|zayavka|contacts?", re.IGNORECASE)
_AN_ID = re.compile(r"#?(?:form|rec|id)?[_-]?\d+|[0-9a-f-]{12,}", re.IGNORECASE)
_CLOCK = re.compile(r"\d{1,2}:\d\d(?::\d\d)?(?:\s*[ap]\.?m\.?)?", re.IGNORECASE)
_FROM_SITE = re.compile(r"(?:с сайта|на сайте|from|on) +((?:[\w-]+\.){1,4}[^\W\d_]{2,24})\b", re.IGNORECASE)
_OUTER = 100
"""How many fields from either end may be the template's; in the middle of so many stands what somebody pasted."""
_NEAR = timedelta(days=2)


def url_of(one: Field) -> str:
    """Return the link of a field, canonical, "" when it has none."""
    value = filled(one.value)
    at = urls_in(value)
    if at:
        return _page_url(value[at[0][0] : at[0][1]])
    if one.href.startswith(("http:", "https:")):
        return _page_url(one.href)
    bare = value.strip()
    return _page_url(bare) if re.fullmatch(r"(?:[\w-]+\.)+[^\W\d_]{2,24}(?:/\S*)?", bare) else ""


def _urls_of(one: Field) -> list[str]:
    """All links of a field: templates write several actions below each other, the page's among them."""
    value = filled(one.value)
    return [_page_url(value[start:end]) for start, end in urls_in(value)] or [url for url in [url_of(one)] if url]


def _page_url(link: str) -> str:
    """The block of a page that a form stands in is no part of its address; other places on it are."""
    url = canonical_url(link)
    page, _, fragment = url.partition("#")
    return page if _BLOCK.fullmatch(fragment) else url


@dataclass(slots=True)
class Place:
    """Where and when it happened, and the fields that told it."""

    url: str = ""
    title: str = ""
    moment: tuple[datetime, Precision] | None = None
    used: list[Field] = field(default_factory=list)


def place_of(reading: Reading, site: Site, author: Contacts, *, is_hosted: bool) -> Place:
    """Find the page, its name and the moment.

    Args:
        reading: The fields.
        site: Whose addresses are whose.
        author: The visitor, whose name is not the place's.
        is_hosted: The mail comes from a service: its name is not the place's either.
    """
    place = Place(url=_page(reading, site), moment=_moment(reading, site.mail))
    titled = _titled(reading)
    place.title = _title_in(titled) if titled else _site_name(reading, site, author, is_hosted=is_hosted)
    place.used = [one for one in reading.all(Role.PAGE) if url_of(one) == place.url]
    if titled is not None and titled not in place.used:
        place.used.append(titled)
    if place.moment is not None:
        place.used.extend(reading.all(Role.SENT))
    return place


def _page(reading: Reading, site: Site) -> str:
    """The page as labelled, else on a line of its own or in a footer, else one of the back office."""
    labelled = [url for one in reading.all(Role.PAGE) if (url := url_of(one))]
    pages = [url for one in reading.all(Role.SITE) if (url := url_of(one))]
    pages.extend(_loose_urls(reading, site))
    outer = reading.fields if len(reading.fields) <= 2 * _OUTER else reading.fields[:_OUTER] + reading.fields[-_OUTER:]
    unnamed = (one for one in outer if (one.role in _MAY_LINK or not one.value) and one.style is not Style.CELL)
    pages.extend(url for one in unnamed for url in _urls_of(one) if _is_own(host_of(url), site))
    pages.extend(
        url for one in outer if one.role in _NAMED_BY and one.href and _is_own(host_of(url := url_of(one)), site)
    )
    found = [url for url in (*_inner_first(labelled), *_inner_first(pages)) if not _ACTS.search(url)]
    shown = [url for url in found if not _is_back_office(url, site) or url in labelled]
    public = [url for url in shown if not _ADMIN.search(url)]
    return next(iter([*public, *shown, *found]), "")


def _inner_first(pages: list[str]) -> list[str]:
    """Pages before the mere address of a site."""
    return sorted(pages, key=lambda url: not url.split("/", 3)[3])


def _is_back_office(url: str, site: Site) -> bool:
    """Whether an address is for the owner only: the site's administration, or the service that sent the mail."""
    if _ADMIN.search(url):
        return True
    sender = site.mail.sender.domain.split(".")[-2:]
    companies = [one.domain.split(".")[-2:] for one in site.mail.recipients if one.domain not in FREE_DOMAINS]
    return host_of(url).split(".")[-2:] == sender and bool(companies) and sender not in companies


def _loose_urls(reading: Reading, site: Site) -> list[str]:
    found = []
    # Without a field all of it may be the visitor's words: then only the site's own address tells a page.
    is_letter = not (reading.fields or reading.goods) and site.replies_to() is not None
    last = max((n for n, item in enumerate(reading.items) if item.role is not None and item.value), default=-1)
    trailing = {id(item) for item in reading.items[last + 1 :]}
    for number, item in reading.outer:
        words = item.text
        if _NOT_THE_SITE.search(words):
            continue
        at = urls_in(words)
        alone = bool(at) and at[0][0] == 0
        in_head = number < reading.heads
        links = [words[start:end] for start, end in at] if alone or in_head or is_footer(words) else []
        if item.href.startswith(("http:", "https:")):
            links.append(item.href)
        for link in links:
            host = host_of(link)
            ends_mail = alone and id(item) in trailing
            is_place = (ends_mail or in_head) and not is_letter
            if (is_place or _is_own(host, site) or _SITE_IN_FOOTER.search(words)) and (url := _page_url(link)):
                found.append(url)
    return found


def _is_own(host: str, site: Site) -> bool:
    return any(host == one or host.endswith("." + one) or one.endswith("." + host) for one in site.hosts if host)


def _titled(reading: Reading) -> Field | None:
    """The field that names the form, else the page."""
    named = (
        one for one in reading.all(Role.FORM, Role.PAGE_TITLE) if filled(one.value) and not _AN_ID.fullmatch(one.value)
    )
    captions = (one for one in reading.all(Role.PAGE) if one.href and not urls_in(one.value))
    return next(named, None) or next(captions, None)


def _title_in(one: Field) -> str:
    return _NUMBERED_FORM.sub("", filled(one.value))


def _site_name(reading: Reading, site: Site, author: Contacts, *, is_hosted: bool) -> str:
    footers = (_SITE_IN_FOOTER.search(item.text) for item in reading.loose)
    named = next((match["name"] for match in footers if match), "") or filled(reading.first(Role.SITE))
    if named:
        return named
    sender = site.mail.sender
    is_name = not is_hosted and "@" not in sender.name and fold(sender.name) != fold(author.name)
    if sender.name and is_name and sender.email != author.email:
        return sender.name
    said = _FROM_SITE.search(
        " ".join([site.mail.subject, *(item.text for item in reading.loose[: reading.heads])])[:500]
    )
    return said[1] if said else ""


def _moment(reading: Reading, mail: Mail) -> tuple[datetime, Precision] | None:
    """Return when the form was sent as the mail tells, exact to the minute at least; None when it does not."""
    said = [one.value for one in reading.all(Role.SENT)]
    clock = next((value for value in said if _CLOCK.fullmatch(value.strip())), "")
    for value in said:
        for text in (value, f"{value} {clock}" if clock else ""):
            moment = date_in_mail(text, mail) if text else None
            if moment and moment[1] != "day" and abs(moment[0] - (mail.date or mail.received_at)) < _NEAR:
                return moment
    return None


def campaign_of(reading: Reading, page: str) -> list[FormField]:
    """Return the utm parameters of the page's address: the card shows the page without them."""
    found: dict[str, str] = {}
    said = [text for one in reading.all(Role.PAGE) for text in (one.value, one.href)]
    said.extend(text for item in reading.loose for text in (item.text, item.href))
    for text in said if page else ():
        for start, end in urls_in(text):
            link = text[start:end]
            if "utm_" in link and _page_url(link) == page:
                found.update({name: value for name, value in query_of(link).items() if name.startswith("utm_")})
    labelled = {one.label.casefold().replace(" ", "_") for one in reading.fields if one.value}
    return [FormField(label=name, value=value) for name, value in found.items() if value and name not in labelled]
