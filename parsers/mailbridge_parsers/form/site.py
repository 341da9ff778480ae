"""Whose addresses are whose: the company's, the robot's, the visitor's."""

import re
from dataclasses import dataclass
from functools import cached_property

from mailbridge.sdk import Address, Mail, emails_in, fold, is_email, is_robot

FREE_DOMAINS = frozenset(
    [
        "gmail.com",
        "googlemail.com",
        "mail.ru",
        "inbox.ru",
        "list.ru",
        "bk.ru",
        "internet.ru",
        "yandex.ru",
        "ya.ru",
        "yandex.com",
        "yandex.by",
        "yandex.kz",
        "rambler.ru",
        "lenta.ru",
        "autorambler.ru",
        "ro.ru",
        "outlook.com",
        "hotmail.com",
        "live.com",
        "msn.com",
        "yahoo.com",
        "icloud.com",
        "me.com",
        "mac.com",
        "aol.com",
        "proton.me",
        "protonmail.com",
        "gmx.de",
        "gmx.net",
        "gmx.com",
        "web.de",
        "ukr.net",
        "i.ua",
        "tut.by",
        "mail.com",
        "zoho.com",
    ]
)


_MACHINES = re.compile(
    r"call-?back|leads?|forms?|web-?forms?|contact-?forms?|quiz|zayavk\w*|web-?site|site|feedback|mailer|enquir\w+"
    r"|inquir\w+"
)
"""Names before the "@" from which programs write about forms, and people practically never."""


@dataclass(frozen=True)
class Site:
    """The two sides of a form mail."""

    mail: Mail
    is_addressed: bool = False
    """The mail goes to the visitor, and the company only gets a copy of it."""

    @cached_property
    def recipients(self) -> frozenset[str]:
        """Addresses the mail went to, that of a mailing list too, which stands below its mails."""
        if self.is_addressed:
            return frozenset()
        lists = emails_in(self.mail.headers.get("List-Post").lower())
        return frozenset(address.email for address in self.mail.recipients).union(lists)

    @cached_property
    def hosts(self) -> frozenset[str]:
        """Domains of the site and of the company."""
        addresses = (self.mail.sender, *(() if self.is_addressed else self.mail.recipients))
        return frozenset(
            one.domain.removeprefix("www.") for one in addresses if one.domain and one.domain not in FREE_DOMAINS
        )

    @cached_property
    def sender_is_site(self) -> bool:
        """Whether the mail comes from the site's own address and not under the visitor's."""
        sender = self.mail.sender
        local = sender.email.partition("@")[0]
        if (
            self.is_addressed
            or is_robot(sender.email)
            or _MACHINES.fullmatch(local)
            or not sender.email
            or sender.email in self.recipients
        ):
            return True
        ours = {one.domain for one in self.mail.recipients} - FREE_DOMAINS
        return any(sender.domain == own or sender.domain.endswith("." + own) for own in ours)

    def may_be_visitor(self, email: str, *, labelled: bool) -> bool:
        """Whether an address can be the author's.

        Args:
            email: The address.
            labelled: It stands in a field for addresses; else it is only in a header, where own domains stand too.
        """
        email = email.lower()
        if not is_email(email) or is_robot(email) or email in self.recipients:
            return False
        if email == self.mail.sender.email and self.sender_is_site:
            return False
        domain = email.rpartition("@")[2]
        if domain in FREE_DOMAINS:
            return True
        if labelled:
            return not (self.sender_is_site and domain == self.mail.sender.domain)
        return not any(
            domain == host or host.endswith("." + domain) or domain.endswith("." + host) for host in self.hosts
        )

    def replies_to(self) -> Address | None:
        """Return where the mail wants to be answered, when that can be the visitor."""
        found = [one for one in self.mail.reply_to if self.may_be_visitor(one.email, labelled=False)]
        return found[0] if len(found) == 1 else None

    @cached_property
    def own_names(self) -> frozenset[str]:
        """What the site calls itself in From, folded: closing lines of its templates."""
        if not self.sender_is_site and self.mail.sender.email in self.mail.words[:20_000].lower():
            return frozenset()
        return frozenset(fold(name) for name in (self.mail.sender.name, self.mail.sender.email) if name)
