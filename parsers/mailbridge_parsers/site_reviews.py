"""Site Reviews (WordPress plugin): reviews of a site or of its pages (templates/notification.php).

The words are those of the site's language; the shape is fixed: a first line with the stars, title and words, a line
"name <e-mail> - IP address", links of the administration.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import BaseModel

from mailbridge.sdk import (
    Author,
    Interest,
    Mail,
    Manifest,
    NoConfig,
    Product,
    Refs,
    Reply,
    Route,
    Strength,
    TemplateChanged,
    canonical_url,
    host_of,
    is_email,
    language_of,
    make_interest,
    one_line,
    paragraphs,
    person_name,
)

_AUTHOR = re.compile(
    r"(?P<name>[^<>\n]{0,120}?)\s*<(?P<email>[^<>\s]*)>\s+-\s+(?P<ip>[0-9a-f.:]{3,45})?\s*", re.IGNORECASE
)
_EDIT = re.compile(r"https?://[^\s\"'<>]+/post\.php\?post=(?P<id>\d+)&(?:amp;)?action=edit\b")
_STARS = re.compile(r"(?<!\d)([1-5])(?!\d)")
_SUBJECT = re.compile(r"\[(?P<site>.+?)\]\s+(?P<said>.+)")
_NOBODY = frozenset({"anonymous", "аноним", "анонимно", "anonym", "anonyme", "anónimo", "anonimo"})


@dataclass(frozen=True, slots=True)
class _Review:
    author: re.Match[str]
    text: str
    head: str
    edit: re.Match[str]


def _review(mail: Mail) -> _Review | None:
    """Read by the author's line, the last of its kind: what looks like one above it was typed."""
    edits = list(_EDIT.finditer(mail.html_source.replace("&#038;", "&") or mail.text))
    lines = mail.words.strip().split("\n")
    found = [(at, match) for at, line in enumerate(lines) if (match := _AUTHOR.fullmatch(line.strip()))]
    if not edits or not found or not found[-1][0]:
        return None
    at, author = found[-1]
    head, *said = [line.strip() for line in lines[:at]]
    return _Review(author, paragraphs("\n".join(said)), head, edits[-1]) if _STARS.search(head) else None


class SiteReviewsParser:
    """Reads the mail to the administrator about a new review."""

    manifest: ClassVar[Manifest] = Manifest(
        name="site_reviews", title="Site Reviews", evidence="template", docs="docs/parsers/comments.md"
    )
    Config: ClassVar[type[BaseModel]] = NoConfig
    routes: ClassVar[Sequence[Route]] = (
        Route("author-line", Strength.SIGN, match=lambda mail: _may_be(mail) and _review(mail) is not None),
    )

    def __init__(self, config: BaseModel | None = None) -> None:
        self.config = config

    def parse(self, mail: Mail) -> Sequence[Interest]:
        """Return the one review of a mail."""
        seen = _review(mail)
        if seen is None:
            raise TemplateChanged("no_author_line")
        stars = _STARS.search(seen.head)
        subject = _SUBJECT.fullmatch(mail.subject)
        name, email = person_name(seen.author["name"]), seen.author["email"].lower()
        product = one_line(subject["said"].partition(": ")[2]) if subject else ""
        place = canonical_url(seen.edit.group())
        return [
            make_interest(
                mail,
                kind="review",
                channel="review",
                network="site_reviews",
                key=("review", host_of(place), seen.edit["id"]),
                url=place,
                title=subject["site"] if subject else None,
                author=Author(
                    name=name if name and name.casefold() not in _NOBODY else None,
                    email=email if is_email(email) else None,
                ),
                text=seen.text,
                rating=int(stars[1]) if stars else None,
                product=Product(name=product or None),
                reply=Reply(method="email", target=email) if is_email(email) else Reply(),
                refs=Refs(comment=seen.edit["id"]),
                language=language_of(seen.text),
            )
        ]


def _may_be(mail: Mail) -> bool:
    return "post.php?post=" in mail.html_source or "post.php?post=" in mail.text
