"""Mails that tell of several visitors one below the other: which words are whose would be a guess."""

import re
from collections import Counter

from mailbridge_parsers.form.item import Item, Style
from mailbridge_parsers.form.labels import Role

_NUMBERED = re.compile(r"(?P<words>[^\d:]{3,40}?)\s{0,2}(?:№|#|no\.?)?\s{0,2}\d{1,9}\W{0,2}", re.IGNORECASE)
_PERSONS = frozenset({Role.NAME, Role.FIRST, Role.PHONE, Role.EMAIL})


def tells_of_several(items: list[Item]) -> bool:
    """Whether numbered headings alike, as in "Lead 1" and "Lead 2", each stand above a person's contacts."""
    headings: Counter[str] = Counter()
    heading = ""
    for item in items:
        match = _NUMBERED.fullmatch(item.text.strip("-=*# ")) if item.style in {Style.NONE, Style.BARE} else None
        if match:
            heading = match["words"].strip(" №#").casefold()
        elif heading and item.role in _PERSONS and item.value:
            headings[heading] += 1
            heading = ""
    return any(count > 1 for count in headings.values())
