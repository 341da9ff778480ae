"""Chats that somebody pasted into a mail: who said what, and what stands around it.

WhatsApp copies "[23.11.2026, 10:01] Ann Gray: words", exports "23.11.2026, 10:01 - Ann Gray: words"; Telegram copies
"Ann Gray, [23.11.2026 10:01]:" above the words.
"""

import re
from dataclasses import dataclass

_DATE = r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}"
_TIME = r"\d{1,2}:\d\d(?::\d\d)?(?:\s?[AaPp]\.?[Mm]\.?)?"
_STAMP = rf"(?:{_DATE},?\s{_TIME}|{_TIME}(?:,\s{_DATE})?)"
_SPOKEN = re.compile(rf"(?:\[{_STAMP}\]\s?|{_DATE},?\s{_TIME}\s[-–]\s)(?P<who>[^:\[\]]{{1,60}}):\s?(?P<said>.*)")
_ABOVE = re.compile(rf"(?P<who>[^,:\[\]]{{1,60}}), \[{_STAMP}\]:?(?P<said>)")
_LEAST = 2
_MOST_LINES = 5000


@dataclass(frozen=True, slots=True)
class PastedChat:
    """A pasted chat.

    Attributes:
        speeches: Who said what, in order.
        above: What stands above it: words of whoever pasted it.
        below: What stands below it, behind an empty line.
    """

    speeches: tuple[tuple[str, str], ...]
    above: str
    below: str

    @property
    def speakers(self) -> tuple[str, ...]:
        """Who speaks, each once, in order."""
        return tuple(dict.fromkeys(who for who, _ in self.speeches))

    def said_by(self, who: str) -> str:
        """Return all that one of them said."""
        return "\n".join(said for name, said in self.speeches if name == who and said)


def pasted_chat(text: str) -> PastedChat | None:
    """Return the chat that a text holds, None when it holds none of at least two speeches."""
    lines = [line.strip() for line in text.split("\n", _MOST_LINES)]
    spoken = {at: match for at, line in enumerate(lines) if (match := _speech(line))}
    if len(spoken) < _LEAST:
        return None
    first, last = min(spoken), max(spoken)
    gap = (at for at in range(last + 1, len(lines)) if not lines[at])
    end = next(gap, len(lines))
    speeches: list[tuple[str, list[str]]] = []
    for at in range(first, end):
        if match := spoken.get(at):
            speeches.append((match["who"].strip(), [match["said"]]))
        else:
            speeches[-1][1].append(lines[at])
    return PastedChat(
        tuple((who, "\n".join(filter(None, said))) for who, said in speeches),
        "\n".join(lines[:first]).strip(),
        "\n".join(lines[end:]).strip(),
    )


def _speech(line: str) -> re.Match[str] | None:
    if "[" not in line and not line[:1].isdigit():
        return None
    return _SPOKEN.fullmatch(line) or _ABOVE.fullmatch(line)
