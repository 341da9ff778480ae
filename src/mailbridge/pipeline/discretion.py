"""What may be logged of the words of a CRM: not those that it repeats out of an interest. Pure."""

import re
from collections.abc import Iterable, Iterator

from mailbridge.sdk import Interest

HIDDEN = "…"
_LEAST = 4
"""A shorter word of a card would be found in innocent ones."""
_ADDRESS = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_NUMBER = re.compile(r"\+?\d(?:[\s().-]{0,3}\d){8,14}")


def discreet(reason: str, interests: Iterable[Interest]) -> str:
    """Return a reason without what it repeats of these interests, and without addresses and telephone numbers.

    The reason stands whole in the ledger, where `mailbridge deliveries show` finds it and `erase` takes it out.
    """
    words = {word for one in interests for word in _words(one)}
    for word in sorted(words, key=len, reverse=True):
        reason = reason.replace(word, HIDDEN)
    return _NUMBER.sub(HIDDEN, _ADDRESS.sub(HIDDEN, reason))


def _words(interest: Interest) -> Iterator[str]:
    author = interest.author
    given = [
        author.name,
        author.email,
        author.url,
        author.photo_url,
        *author.phones,
        interest.text,
        interest.source.title,
    ]
    given += [interest.reply.target, *(field.value for field in interest.fields)]
    for value in filter(None, given):
        lines = (value, *value.splitlines())
        yield from (line.strip() for line in lines if len(line.strip()) >= _LEAST)
        yield from (word for word in value.split() if len(word) > _LEAST and value == author.name)
