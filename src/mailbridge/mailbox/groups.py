"""What a group address of the company did to a mail on its way in, taken back.

An address such as sales@ is often a group (Google Groups, a list server). It passes on what people write to it with the
header fields of a mailing list, a tag in the subject and a footer; and where their domain forbids that, under its own
address: "'Ann Gray' via Sales". They wrote to the company all the same. Lists of strangers stay lists.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from mailbridge.mailbox.headers_addresses import parse_addresses
from mailbridge.mailbox.trust_domains import is_same_organisation, normal_domain, organisation
from mailbridge.sdk import Address, Headers, Mail, Trust

THROUGH_GROUP = "through_group"
"""The word for `Mail.defects`."""

_SIGNS = ("List-Id", "List-Post", "Mailing-List")
_ITS_FIELDS = frozenset(
    "list-id list-post list-help list-archive list-subscribe list-owner mailing-list x-google-group-id x-beenthere "  # noqa: SIM905
    "x-mailman-version errors-to x-original-from x-original-sender".split()
)
_DELIVERED = frozenset(["delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to"])
"""Fields that name the mailbox."""
_ANYBODYS = frozenset(
    "googlegroups.com groups.io yahoogroups.com freelists.org subscribe.ru gmail.com googlemail.com mail.ru inbox.ru "  # noqa: SIM905
    "list.ru bk.ru yandex.ru yandex.com ya.ru rambler.ru outlook.com hotmail.com live.com yahoo.com icloud.com".split()
)
"""Domains at which everybody has an address or a group."""
_ADDRESS = re.compile(r"[\w.+'-]+@[\w.-]+")
_FOR = re.compile(r"\sfor\s+<?([\w.+'-]+@[\w.-]+)>?")
_LIST_ID = re.compile(r"<([\w+-]+)\.([\w-]+(?:\.[\w-]+)+)>\s*$")
_VIA = re.compile(r"^(?P<quote>['\"]?)(?P<name>.*?)(?P=quote)\s+(?:via|через)\s+\S.*$", re.IGNORECASE)
_TAG = re.compile(
    r"^(?P<answers>(?:(?:re|fwd?|aw|wg|отв|ответ)\s*:\s*)*)\[(?P<tag>[^\[\]]{1,60})\]\s*(?=\S)", re.IGNORECASE
)
_SUBSCRIBED = (
    r"(?:You received this message because you (?:are subscribed to|were added to)|Вы получили это сообщение, поскольку"
    r"|Это сообщение отправлено вам, потому что|Вы получили это письмо, поскольку)"
)
_FOOTER = re.compile(rf"(?:\A|\n)(?:-- ?\n{_SUBSCRIBED}.{{0,1500}}|_{{30,}}\n(?:[^\n_][^\n]*\n*){{1,6}})\Z", re.DOTALL)
_FOOTER_MARKUP = re.compile(
    rf"(?:<p>\s*</p>\s*)?(?:--\s*(?:&nbsp;)?\s*<br\s*/?>\s*{_SUBSCRIBED}.{{0,4000}}"
    r"|(?:<hr\s*/?>\s*)?_{30,}\s*<br[^_]{0,1500})\Z",
    re.DOTALL,
)


def ungrouped(mail: Mail) -> Mail:
    """Return a mail as it was written to a group of the company; of one through another list only tag and footer go."""
    headers = mail.headers
    if not any(sign in headers for sign in _SIGNS):
        return mail
    group = _address(headers)
    mail = replace(
        mail,
        subject=_untagged(mail.subject, group),
        text=_FOOTER.sub("", mail.text),
        html_source=_FOOTER_MARKUP.sub("", mail.html_source),
    )
    if not group or not _is_ours(group, headers):
        return mail
    writer = _writer(mail, group)
    return replace(
        mail,
        headers=Headers(tuple(_own_fields(headers, group, writer))),
        senders=mail.senders if writer is None else (writer,),
        reply_to=tuple(one for one in mail.reply_to if one.email != group),
        # Nobody vouches for whom a group names; a named forwarder would have been believed before.
        trust=mail.trust if writer is None else Trust("unknown", "forwarded"),
        defects=(*mail.defects, THROUGH_GROUP),
    )


def _address(headers: Headers) -> str:
    """Return the address of the list that a mail came through, "" when none is told (RFC 2369, RFC 2919)."""
    for value in (headers.get("Mailing-List"), *re.findall(r"mailto:([^>?]+)", headers.get("List-Post"))):
        if found := _ADDRESS.search(value):
            return found.group().lower()
    named = _LIST_ID.search(headers.get("List-Id").lower())
    return f"{named[1]}@{named[2]}" if named else ""


def _is_ours(group: str, headers: Headers) -> bool:
    """Whether a list is of the company that has the mailbox: a stranger's says nothing to it in particular."""
    domain = group.rpartition("@")[2]
    if organisation(normal_domain(domain)) in _ANYBODYS:
        return False
    # Our own server's word stands on top; below it that of the list's.
    mailbox = next((one for one in _mailboxes(headers) if one != group), "")
    company = normal_domain(mailbox.rpartition("@")[2])
    if company and organisation(company) not in _ANYBODYS:
        return is_same_organisation(domain, company)
    return "X-Google-Group-Id" in headers  # a group of a company, and nothing tells that it is another's


def _mailboxes(headers: Headers) -> Iterator[str]:
    for name, value in headers:
        if name.lower() in _DELIVERED:
            yield from (found.lower() for found in _ADDRESS.findall(value)[:1])
        elif name.lower() == "received" and (told := _FOR.search(value)):
            yield told[1].lower()


def _writer(mail: Mail, group: str) -> Address | None:
    """Return who wrote a mail that the group sent on under its own address; None where the sender is the writer."""
    if len(mail.senders) != 1 or mail.trust.verdict == "fail":
        return None
    sender = mail.senders[0]
    via = _VIA.match(sender.name)
    if sender.email != group and not (via and sender.domain == group.rpartition("@")[2]):
        return None
    for found in (_told(mail, "X-Original-From"), mail.reply_to, _told(mail, "X-Original-Sender")):
        writers = [one for one in found if one.email and one.email != group]
        if len(writers) == 1:
            name = writers[0].name or (via["name"] if via else "")
            return Address("" if "@" in name else name, writers[0].email)
    return None


def _told(mail: Mail, name: str) -> tuple[Address, ...]:
    return parse_addresses(mail.headers.all(name), 2, [])


def _own_fields(headers: Headers, group: str, writer: Address | None) -> Iterator[tuple[str, str]]:
    domain = group.rpartition("@")[2]
    for name, value in headers:
        key = name.lower()
        if key in _ITS_FIELDS or (key == "precedence" and value.strip().lower() == "list"):
            continue
        if key.startswith("list-unsubscribe") and (domain in value.lower() or "googlegroups.com" in value.lower()):
            continue
        if key == "sender" and domain in value.lower():
            continue
        yield name, f"{writer.name} <{writer.email}>" if writer and key == "from" else value


def _untagged(subject: str, group: str) -> str:
    found = _TAG.match(subject)
    if found is None or found["tag"].strip().casefold() != group.partition("@")[0]:
        return subject
    return found["answers"] + subject[found.end() :]
