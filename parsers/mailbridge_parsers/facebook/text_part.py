"""The text/plain part of a Facebook mail: rules of "=", a link block, the whole text in straight quotes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mailbridge.sdk import Deed, Line, Target, clean, deed_in, text_lines

from .links import asking_user, profile_url, target

_RULE = re.compile(r"^={20,}[ \t]*$", re.MULTILINE)
_LEGAL = re.compile(r"/o\.php\?|email_forward_notice|Facebook, Inc|Facebook Ireland|Meta Platforms")
_DASHES = re.compile(r"^-{10,}[ \t]*\n(.*)\n-{10,}[ \t]*$", re.MULTILINE | re.DOTALL)
_SIGN_OFF = re.compile(
    r"\n(?:С уважением|Спасибо|Thanks|Regards|Cheers|Grazie|Merci|Cordialement|Viele Grüße|Danke|Vielen Dank)[,.]?"
    r"[ \t]*(?:\n.{0,80}(?:Facebook|Meta|Instagram).{0,40}\s*$|\s*$)"
)
_QUOTED = re.compile(r"^\"(.*)\"[ \t]*$", re.MULTILINE | re.DOTALL)
_GREETING = re.compile(r"(?:Здравствуй\w*|Привет|Hi|Hello|Ciao|Bonjour|Salut|Hallo)\b[^\n]{0,80}$", re.IGNORECASE)


@dataclass(frozen=True)
class TextPart:
    """What the text part says; empty fields where it says nothing.

    Attributes:
        headline: The sentence that announces the event.
        deed: What it announces.
        quoted: The whole text of the person.
        target: The post, comment or conversation.
        person: Address of the person's profile.
    """

    headline: str = ""
    deed: Deed | None = None
    quoted: str = ""
    target: Target | None = None
    person: str = ""


def has_rules(text: str) -> bool:
    """Whether it is laid out as Facebook's text parts are; in other layouts nothing marks the person's words."""
    return _RULE.search(text) is not None or _DASHES.search(text) is not None


def read_text_part(text: str) -> TextPart:
    """Read a text part; what a stranger wrote stands only between the outermost quotes of the content."""
    links, content = _sections(text.replace("\r\n", "\n"))
    quoted = _QUOTED.search(content) or _DASHES.search(content)
    around = content[: quoted.start()] + "\n" + content[quoted.end() :] if quoted else content
    announced = content[: quoted.start()] if quoted else content
    headline, deed = _headline(announced)
    lines = [*text_lines(links), *text_lines(around)]
    targets = _targets(lines)
    return TextPart(
        headline=headline,
        deed=deed,
        quoted=clean(quoted[1]) if quoted else "",
        target=next((one for one in targets if one.role in {"object", "talk"}), None),
        person=next((one.url for one in targets if one.role == "person"), "") or _asking(lines),
    )


def _sections(text: str) -> tuple[str, str]:
    """The link block above and the content, without greeting, sign-off and footer; further rules are the person's."""
    rules = list(_RULE.finditer(text))
    if rules and not _LEGAL.search(text, rules[-1].end()):
        rules = []  # no footer below: a person drew it
    content = text[: rules[-1].start()] if rules else text
    links = ""
    if len(rules) >= 2 and not text[: rules[0].start()].strip():
        links = text[rules[0].end() : rules[1].start()]
        content = text[rules[1].end() : rules[-1].start() if len(rules) > 2 else len(text)]
    end = max((match.start() for match in _SIGN_OFF.finditer("\n" + content)), default=len(content))
    return links, content[:end]


def _headline(content: str) -> tuple[str, Deed | None]:
    for line in text_lines(content):
        if not line.text or line.links or _GREETING.match(line.text):
            continue
        deed = deed_in(line.text)
        if deed is not None:
            return line.text, deed
    return "", None


def _asking(lines: Sequence[Line]) -> str:
    user = next(filter(None, (asking_user(run.href) for line in lines for run in line.links)), "")
    return profile_url(user) if user else ""


def _targets(lines: Sequence[Line]) -> list[Target]:
    return [target(run.href) for line in lines for run in line.links]
