"""Isso: comments on static sites (isso/ext/notifications.py, SMTP.format)."""

import re
from collections.abc import Sequence
from typing import ClassVar

from pydantic import BaseModel

from mailbridge.sdk import (
    Author,
    Interest,
    Mail,
    Manifest,
    NoConfig,
    Refs,
    Reply,
    Route,
    Strength,
    TemplateChanged,
    clean,
    make_interest,
)
from mailbridge.sdk.language import language_of
from mailbridge.sdk.links import canonical_url, host_of
from mailbridge.sdk.people import is_email

_LINK = re.compile(r"(?P<url>https?://\S{1,2000}?)#isso-(?P<id>\d+)\s*$", re.MULTILINE)
_ACTION = re.compile(r"https?://\S{1,2000}/id/(?P<id>\d+)/(?P<what>delete|activate|unsubscribe)/\S+")
_AUTHOR = re.compile(r"^(?:(?P<name>.*?)\s*<(?P<email>[^<>\s]+@[^<>\s]+)>|(?P<only>.*?))\s+wrote:\s*$")
# What stands between the text and the link; each line only when the visitor gave it.
_FOOTER = re.compile(r"^(?:User's URL|IP address|Link to comment): ")
_NOBODY = "Anonymous"


def _is_notification(mail: Mail) -> bool:
    link, action = _last(_LINK, mail.words), _last(_ACTION, mail.words)
    if link is None or action is None:
        return False
    return link["id"] == action["id"] or action["what"] == "unsubscribe"  # which names the comment that was answered


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    return max(pattern.finditer(text), key=lambda match: match.start(), default=None)


class IssoParser:
    """Reads the mail to the owner of a site with Isso, and to those who follow a discussion."""

    manifest: ClassVar[Manifest] = Manifest(name="isso", title="Isso", evidence="real", docs="docs/parsers/isso.md")
    Config: ClassVar[type[BaseModel]] = NoConfig
    routes: ClassVar[Sequence[Route]] = (Route("comment-links", Strength.SIGN, match=_is_notification),)

    def __init__(self, config: BaseModel | None = None) -> None:
        self.config = config

    def parse(self, mail: Mail) -> Sequence[Interest]:
        """Return the one comment of a mail."""
        body = clean(mail.words)
        link = _last(_LINK, body)
        first, _, rest = body.partition("\n")
        author = _AUTHOR.match(first)
        if link is None or author is None:
            raise TemplateChanged("no_link" if link is None else "no_author_line")
        lines = rest[: max(0, link.start() - len(first) - 1)].split("\n")
        text, website = _without_footer(lines)
        page = canonical_url(link["url"])
        answer_at = f"{page}#isso-{link['id']}"
        email = author["email"] or ""
        return [
            make_interest(
                mail,
                kind="comment",
                channel="site",
                network="isso",
                key=("comment", host_of(page), page, link["id"]),
                url=page,
                title=_title(mail.subject),
                author=Author(
                    name=_name(author["name"] or author["only"] or ""),
                    email=email.lower() if is_email(email) else None,
                    url=website or None,
                ),
                text=text,
                reply=Reply(method="link", target=answer_at),
                refs=Refs(comment=link["id"]),
                language=language_of(text),
            )
        ]


def _without_footer(lines: list[str]) -> tuple[str, str]:
    """Cut the template's block off the end; return the text and the author's site.

    The block follows an empty line: lines of the same shape above that were typed by the visitor.
    """
    end, website = _filled_end(lines), ""
    while end and _FOOTER.match(lines[end - 1]):
        if lines[end - 1].startswith("User's URL: "):
            website = canonical_url(lines[end - 1].partition(": ")[2])
        end -= 1
    return clean("\n".join(lines[:end])), website


def _filled_end(lines: list[str]) -> int:
    end = len(lines)
    while end and lines[end - 1] in {"", "Link to comment:"}:
        end -= 1
    return end


def _name(shown: str) -> str | None:
    return shown.strip() if shown.strip() not in {"", _NOBODY} else None


def _title(subject: str) -> str | None:
    """The subject is "New comment posted on TITLE", a fixed phrase of the template."""
    return subject.partition(" posted on ")[2] or None
