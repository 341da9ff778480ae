"""Direct mail: what people and companies write to the shared mailbox, and what colleagues pass on to it by hand.

It takes what no other parser wants. A program's mail that nobody knows goes to quarantine: it is perhaps a
notification that should have been understood.
"""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import BaseModel, Field

from mailbridge.sdk import (
    Address,
    Author,
    Enclosed,
    FileRef,
    FormField,
    Ignored,
    Interest,
    Mail,
    Manifest,
    ParseError,
    Refs,
    Reply,
    Route,
    Strength,
    make_interest,
    one_line,
)
from mailbridge.sdk.language import language_of
from mailbridge.sdk.pasted import PastedChat, pasted_chat
from mailbridge.sdk.people import is_email, is_robot, person_name, phones_in
from mailbridge_parsers.direct.body import html_words, is_html_only, words_of
from mailbridge_parsers.direct.forward import Forwarded, enclosed_mail, forwarded
from mailbridge_parsers.direct.notices import notice_reason
from mailbridge_parsers.direct.pasted import contacts_of, refuse_passed_on, speaker_for, words_of_sender
from mailbridge_parsers.direct.reply import Words, own_words
from mailbridge_parsers.direct.senders import (
    announces_form,
    announces_order,
    is_bulk,
    is_laid_out,
    is_nobody,
    is_notice,
    is_own_office,
    is_program,
    is_receipt,
    is_service,
    is_spam,
    is_undecoded,
    looks_like_form,
    offers_unsubscribing,
    says_automatic,
    shows_another,
    speaks_for_another,
    tells_news,
    tells_of_another,
)
from mailbridge_parsers.direct.services import EVERYBODYS

__all__ = ["DirectConfig", "DirectParser"]


class DirectConfig(BaseModel):
    """Settings of [parsers.direct]."""

    model_config = {"frozen": True, "extra": "forbid"}

    own_domains: tuple[str, ...] = Field(
        (), description="Mail domains of the company: what its people write is no interest unless they pass a mail on."
    )
    phone_region: str = Field("RU", description="Country of phone numbers without a country code (ISO 3166-1 alpha-2).")


class DirectParser:
    """Reads mails of people."""

    manifest: ClassVar[Manifest] = Manifest(
        name="direct", version="4", title="Direct mail", evidence="real", docs="docs/parsers/direct.md"
    )
    Config: ClassVar[type[BaseModel]] = DirectConfig
    routes: ClassVar[Sequence[Route]] = (Route("anybody", Strength.FALLBACK),)

    def __init__(self, config: DirectConfig | None = None) -> None:
        self.config = config or DirectConfig()

    def parse(self, mail: Mail) -> Sequence[Interest] | Ignored:
        """Return the one message of a mail."""
        if not is_email(mail.sender.email):
            raise ParseError("no_sender", f"{len(mail.senders)} addresses in From")
        passed_on = forwarded(mail)
        if passed_on and self._by_colleague(mail, passed_on):
            return [self._forwarded(mail, passed_on)]
        words = Words(passed_on.note) if passed_on else _words(mail)
        chat = pasted_chat(words.text)
        if chat and self._is_colleague(mail) and not mail.headers.get("In-Reply-To").strip():
            return [self._chat(mail, chat)]
        if mail.sender.is_of(*self.config.own_domains):
            return Ignored("own_mail")
        if noise := _noise(mail):
            return noise
        author = _author(mail)
        if chat:
            refuse_passed_on(mail, chat)
        _refuse_data(mail, words)
        if not words.text and not mail.subject and not mail.attachments:
            raise ParseError("empty_mail")
        return [self._message(mail, author, words)]

    def _by_colleague(self, mail: Mail, passed_on: Forwarded) -> bool:
        """A forward out of the same company, or without a word of one's own; others want something themselves."""
        same_company = self._is_colleague(mail) or mail.sender.domain in {one.domain for one in mail.recipients}
        return same_company or not passed_on.note

    def _is_colleague(self, mail: Mail) -> bool:
        own = {address.domain for address in mail.recipients if not address.is_of(*EVERYBODYS)}
        return mail.sender.is_of(*self.config.own_domains) or mail.sender.domain in own

    def _message(self, mail: Mail, author: Address, words: Words) -> Interest:
        answer_to = _answer_to(mail, author)
        return make_interest(
            mail,
            kind="message",
            channel="email",
            network="email",
            title=mail.subject,
            author=self._card(author, words),
            text=words.text,
            reply=Reply(method="email", target=answer_to),
            refs=Refs(thread=_thread(mail)),
            language=language_of(f"{mail.subject}\n{words.text}"),
        )

    def _forwarded(self, mail: Mail, inside: Forwarded) -> Interest:
        author, words = inside.author, inside.words
        if not author.email and not author.name:
            raise ParseError("forward_without_author")
        notes = (("Forwarded by", _shown(mail.sender)), ("Note", inside.note))
        fields = tuple(FormField(label=label, value=value) for label, value in notes if value)
        enclosed = enclosed_mail(mail, inside)
        if _is_own_or_robot(author, mail) or looks_like_form(words.text) or announces_order(words.text):
            raise Enclosed("forwarded_notification", enclosed, fields)
        if not (words.text or inside.subject or mail.attachments):
            raise ParseError("empty_mail")
        _refuse_data(mail, words)
        return make_interest(
            mail,
            kind="message",
            channel="email",
            network="email",
            title=inside.subject,
            author=self._card(author, words),
            text=words.text,
            reply=Reply(method="email", target=author.email) if author.email else Reply(),
            labels=("forwarded", "unverified"),
            fields=fields,
            language=language_of(f"{inside.subject}\n{words.text}"),
            attachments=_files(mail.inner[0] if mail.inner else mail),
        )

    def _chat(self, mail: Mail, chat: PastedChat) -> Interest:
        """A chat that a colleague passes on; nothing in it is proven."""
        who = speaker_for(chat, mail.sender)
        name, phones = contacts_of(chat, who, self.config.phone_region)
        talk = "\n".join(f"{speaker}: {said}" for speaker, said in chat.speeches)
        note = "\n\n".join(filter(None, (chat.above, chat.below)))
        notes = (("Forwarded by", _shown(mail.sender)), ("Note", note), ("Chat", talk))
        return make_interest(
            mail,
            kind="message",
            channel="email",
            network="email",
            title=mail.subject,
            author=Author(name=name or None, phones=tuple(phones)),
            text=chat.said_by(who),
            reply=Reply(method="phone", target=phones[0]) if phones else Reply(),
            labels=("forwarded", "unverified"),
            fields=tuple(FormField(label=label, value=value) for label, value in notes if value),
            language=language_of(chat.said_by(who)),
        )

    def _card(self, author: Address, words: Words) -> Author:
        chat = pasted_chat(words.text)
        own = words_of_sender(chat, author) if chat else words.text
        phones = phones_in(f"{own}\n\n{words.signature}", self.config.phone_region)
        return Author(name=person_name(author.name) or None, email=author.email or None, phones=tuple(phones))


def _noise(mail: Mail) -> Ignored | None:
    """Return why nobody waits for an answer to a mail, None when somebody may."""
    if is_bulk(mail) or (offers_unsubscribing(mail) and not is_nobody(mail)):
        return Ignored("newsletter")
    if is_receipt(mail):
        return Ignored("receipt")
    if is_spam(mail):
        return Ignored("spam")
    reason = notice_reason(mail)
    return Ignored(reason) if reason else None


def _refuse_data(mail: Mail, words: Words) -> None:
    """Raises ParseError: What should be words is a fragment of a mail, encoded bytes, or data."""
    if mail.headers.get("Content-Type").strip().casefold().startswith("message/partial"):
        raise ParseError("partial_message")
    if is_undecoded(words.text):
        raise ParseError("undecoded_body")


def _is_own_or_robot(author: Address, mail: Mail) -> bool:
    """Whether the mail that was passed on is a program's, or one of the company to itself."""
    if is_robot(author.email) or author.email in {address.email for address in mail.recipients}:
        return True
    colleagues = author.email != mail.sender.email and author.domain == mail.sender.domain
    return colleagues and any(one.domain == author.domain for one in mail.recipients)


def _words(mail: Mail) -> Words:
    if not is_html_only(mail):
        return own_words(words_of(mail))
    text, signature = html_words(mail)
    found = own_words(text)
    return Words(found.text, "\n".join(filter(None, (found.signature, signature))))


_SIGNS = (
    is_nobody, speaks_for_another, is_program, is_service, is_laid_out, says_automatic, announces_form,
    tells_of_another, tells_news, shows_another, is_own_office,
)  # fmt: skip
"""Any of them: not the sender wrote it."""


def _author(mail: Mail) -> Address:
    """Return who wrote: the sender, or the person in Reply-To for whom a program speaks.

    Raises:
        ParseError: A program speaks and names nobody, or its mail is a form that should be read field by field.
    """
    own = {address.email for address in mail.recipients}
    if not any(sign(mail) for sign in _SIGNS) and mail.sender.email not in own:
        return mail.sender
    person = _one_person(mail.reply_to, own)
    own_domains = {address.domain for address in mail.recipients if not address.is_of(*EVERYBODYS)}
    if (
        person is None
        or (is_nobody(mail) and is_notice(mail, person))
        or person.is_of(mail.sender.domain)
        or person.domain in own_domains
        or looks_like_form(words_of(mail))
    ):
        raise ParseError("unknown_notification", mail.sender.email)
    return person


def _one_person(addresses: Sequence[Address], own: set[str]) -> Address | None:
    if len(addresses) != 1 or addresses[0].email in own:
        return None
    only = addresses[0]
    return only if is_email(only.email) and not is_robot(only.email) else None


def _answer_to(mail: Mail, author: Address) -> str:
    wanted = _one_person(mail.reply_to, {address.email for address in mail.recipients})
    return wanted.email if wanted else author.email


def _thread(mail: Mail) -> str | None:
    """The first mail of the conversation (RFC 5322 §3.6.4)."""
    for name in ("References", "In-Reply-To"):
        if ids := mail.headers.get(name).split():
            return ids[0]
    return None


def _shown(address: Address) -> str:
    return one_line(f"{address.name} <{address.email}>" if address.name else address.email)


def _files(mail: Mail) -> tuple[FileRef, ...]:
    return tuple(
        FileRef(name=one_line(file.name), media_type=file.media_type, size=file.size, sha256=file.sha256)
        for file in mail.attachments
    )
