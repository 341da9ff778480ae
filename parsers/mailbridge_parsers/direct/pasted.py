"""Letters that hold a pasted chat: the author of the letter may be none of those whose words it shows."""

import re

from mailbridge.sdk import Address, Mail, ParseError, fold, is_phone, phone, phones_in
from mailbridge.sdk.pasted import PastedChat
from mailbridge.sdk.people import person_name

_PASSES_ON = re.compile(
    r"\b(?:client|customer|lead|guest|buyer|request|клиент\w*|заявк\w*|лид\w?|гост[ьья]\w*|покупател\w*|запрос\w*"
    r"|обращени\w*)\b.{0,40}\b(?:whats?app|telegram|viber|messenger|ватс?ап\w*|вотс?ап\w*|whatsap|телеграм\w*"
    r"|телег\w*|вайбер\w*|чат\w*|мессенджер\w*)"
    r"|\b(?:handle|take care of|answer|call) (?:this|him|her|them)\b|возьмите|обработайте|передаю"
    r"|ответьте (?:ему|ей|им)|перезвоните (?:ему|ей|им|клиенту)|свяжитесь с (?:ним|ней|клиентом)"
)


def refuse_passed_on(mail: Mail, chat: PastedChat) -> None:
    """Raises ParseError: A stranger passes on somebody's chat, and nothing shows whose request it is."""
    speaks = any(_is_same(who, mail.sender) for who in chat.speakers)
    if not (speaks or chat.above or chat.below):
        raise ParseError("pasted_chat", "the sender says nothing")
    said = " \n ".join((mail.subject, *chat.above.split("\n", 10)[:10]))
    if _PASSES_ON.search(fold(said)):
        raise ParseError("pasted_chat", f"{len(chat.speakers)} speakers")


def speaker_for(chat: PastedChat, colleague: Address) -> str:
    """Return who of a chat that a colleague passes on is the client.

    Raises:
        ParseError: More than one of them could be, or nobody.
    """
    others = [who for who in chat.speakers if not _is_same(who, colleague)]
    if len(others) != 1:
        raise ParseError("pasted_chat", f"{len(others)} of {len(chat.speakers)} speakers may be the client")
    return others[0]


def contacts_of(chat: PastedChat, who: str, region: str) -> tuple[str, list[str]]:
    """Return the name of a speaker, "" when the chat shows a number for it, and the numbers that are the speaker's."""
    if is_phone(who, region):
        return "", [phone(who, region)]
    return person_name(who), phones_in(chat.said_by(who), region)


def words_of_sender(chat: PastedChat, sender: Address) -> str:
    """Return what in a letter with a chat is the sender's own: all around the chat, and what the sender said in it."""
    own = [chat.said_by(who) for who in chat.speakers if _is_same(who, sender)]
    return "\n".join((chat.above, *own, chat.below))


def _is_same(who: str, person: Address) -> bool:
    """Whether a speaker is a person: by name, by first name alone, or as "You"."""
    shown, name = fold(who).split(), fold(person.name).split()
    if fold(who) in {"вы", "you", "я", "me"}:
        return True
    local = person.email.partition("@")[0].lower()
    return bool(shown) and (set(shown) <= set(name) or (len(name) > 0 and set(name) <= set(shown)) or shown == [local])
