"""Waline: comments on static sites (packages/server/src/service/notify.js, packages/server/src/locales).

The words are those of the server's language and the layout is the template's: a heading that links to the site, the
name in bold above a grey box with what was written, a link to the comment below it.
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
    Node,
    Refs,
    Reply,
    Route,
    Strength,
    TemplateChanged,
    canonical_url,
    host_of,
    language_of,
    make_interest,
    one_line,
    paragraphs,
    parts_of,
    person_name,
)

_FRAME = re.compile(r"border-top:\s*2px solid #12addb", re.IGNORECASE)
_BOX = re.compile(r"background(?:-color)?:\s*#f5f5f5", re.IGNORECASE)
_LINK = re.compile(r"href=[\"'][^\"'<>]{8,500}#[0-9a-f]{24}[\"']")
"""To a comment by the number that its database gave it: a template of one's own keeps it."""
_COMMENT_ID = re.compile(r"[0-9a-f]{16,40}|\d{1,12}")


@dataclass(frozen=True, slots=True)
class _Comment:
    box: Node
    name: str
    link: str
    number: str


def _is_notification(mail: Mail) -> bool:
    source = mail.html_source
    if _FRAME.search(source) and _BOX.search(source):
        return _comment(mail) is not None
    is_own_template = "<blockquote" in source and "<strong" in source and _LINK.search(source) is not None
    found = _comment(mail) if is_own_template else None
    return found is not None and bool(found.name)


class WalineParser:
    """Reads the mails to the owner of a site and to the author of the comment that was answered."""

    manifest: ClassVar[Manifest] = Manifest(
        name="waline", title="Waline", evidence="template", docs="docs/parsers/comments.md"
    )
    Config: ClassVar[type[BaseModel]] = NoConfig
    routes: ClassVar[Sequence[Route]] = (Route("comment-box", Strength.SIGN, match=_is_notification),)

    def __init__(self, config: BaseModel | None = None) -> None:
        self.config = config

    def parse(self, mail: Mail) -> Sequence[Interest]:
        """Return the one comment of a mail."""
        found = _comment(mail)
        if found is None:
            raise TemplateChanged("no_comment_box")
        if not found.name:
            raise TemplateChanged("no_author")
        page = canonical_url(found.link.partition("#")[0])
        text = paragraphs(found.box.text)
        return [
            make_interest(
                mail,
                kind="comment",
                channel="site",
                network="waline",
                key=("comment", host_of(page), found.number),
                url=page,
                title=_site(mail),
                author=Author(name=found.name),
                text=text,
                reply=Reply(method="link", target=f"{page}#{found.number}"),
                refs=Refs(comment=found.number),
                language=language_of(text),
            )
        ]


def _comment(mail: Mail) -> _Comment | None:
    """The last box that a link to the comment follows: in a mail about a reply the one above it is the parent's."""
    boxes = [node for node in mail.html.select("div[style]") if _BOX.search(node.attr("style"))]
    boxes = boxes or mail.html.select("blockquote")
    for box in reversed(boxes):
        link = next((href for node in box.following() if (href := _comment_link(node))), "")
        if link and not any(_BOX.search(parent.attr("style")) for parent in _around(box)):
            return _Comment(box, _name_above(box), link, parts_of(link).fragment)
    return None


def _comment_link(node: Node) -> str:
    href = node.attr("href").strip() if node.name == "a" else ""
    try:
        fragment = parts_of(href).fragment
    except ValueError:
        return ""
    return href if _COMMENT_ID.fullmatch(fragment) and host_of(href) else ""


def _around(node: Node) -> list[Node]:
    found = []
    parent = node.parent
    while parent is not None:
        found.append(parent)
        parent = parent.parent
    return found


def _name_above(box: Node) -> str:
    above = box.parent.children if box.parent else []
    before = above[above.index(box) - 1] if box in above and above.index(box) else None
    strong = before.first("strong") if before is not None else None
    return person_name(strong.text) if strong else ""


def _site(mail: Mail) -> str | None:
    heading = mail.html.first("h2 a")
    return one_line(heading.text) or None if heading else None
