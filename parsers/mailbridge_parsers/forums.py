"""Forums of the company: Discourse, and discussions on GitHub, which sites show as comments (giscus).

Discourse (`lib/email/sender.rb`, `user_notifications` of `config/locales/server.*.yml`): the post, the posts before it,
how to answer, each below a rule. Some versions take their own headers off the mail, the form of the Message-ID stays.
GitHub: the words, "-- ", how to answer; the header names the person. Issues and pull requests are the work of
developers and no interest; they are left to the parser of noise.
"""

import re
from collections.abc import Sequence
from typing import ClassVar

from pydantic import BaseModel

from mailbridge.sdk import (
    Author,
    Ignored,
    Interest,
    Kind,
    Mail,
    Manifest,
    NoConfig,
    ParseError,
    Refs,
    Reply,
    Route,
    Strength,
    TemplateChanged,
    canonical_url,
    language_of,
    make_interest,
    paragraphs,
    person_name,
)
from mailbridge.sdk.deeds import untagged
from mailbridge.sdk.links import parts_of, urls_in
from mailbridge.sdk.plain_notice import sent_by

_HEADERS = ("X-Discourse-Post-Id", "Discourse-Post-Id", "X-Discourse-Category", "X-Discourse-Sender")
_MESSAGE_ID = re.compile(r"<(?:discourse/post/\d+|topic/\d+(?:/\d+|\.\w+){0,2})(?:\.\w+)*@")
_TOPIC = re.compile(r"/t/(?:[^/]+/)?(?P<topic>\d+)(?:/(?P<number>\d+))?/?$")
_PERSON = re.compile(r"/u/(?P<name>[^/]+)/?$")
_RULE = re.compile(r"-{3,}")
_ITALIC = re.compile(r"[*_].+[*_]")
_DISCUSSION = re.compile(r"/discussions/(?P<number>\d+)(?:#discussioncomment-(?P<comment>\d+))?$")
_ABOUT = re.compile(r"(?:re: ?)?(?P<title>\S.{0,300}?) ?\(Discussion #\d{1,9}\)$", re.IGNORECASE)
_ROBOT = re.compile(r"\[bot\]$")


def _is_discourse(mail: Mail) -> bool:
    named = _MESSAGE_ID.match(mail.headers.get("Message-ID").strip()) and "List-ID" in mail.headers
    return bool(named) or any(name in mail.headers for name in _HEADERS)


def _is_discussion(mail: Mail) -> bool:
    return "X-GitHub-Sender" in mail.headers and _ABOUT.match(mail.subject) is not None


class ForumsParser:
    """Reads what a forum tells about one post."""

    manifest: ClassVar[Manifest] = Manifest(
        name="forums",
        title="Forums (Discourse, GitHub discussions)",
        evidence="template",
        docs="docs/parsers/comments.md",
        domains=("github.com",),
    )
    Config: ClassVar[type[BaseModel]] = NoConfig
    routes: ClassVar[Sequence[Route]] = (
        Route("discourse-header", Strength.SIGN, match=_is_discourse),
        Route("github-discussion", Strength.SENDER_AND_SIGN, senders=("github.com",), match=_is_discussion),
    )

    def __init__(self, config: BaseModel | None = None) -> None:
        self.config = config

    def parse(self, mail: Mail) -> Sequence[Interest] | Ignored:
        """Return the one post of a mail; see `Parser`.

        Raises:
            ParseError: "no_link": Nothing leads to the post.
            TemplateChanged: "no_author" or "no_text": who wrote, or the words, stand elsewhere than they always did.
        """
        return _github(mail) if _is_discussion(mail) else [_discourse(mail)]


def _discourse(mail: Mail) -> Interest:
    links = [canonical_url(link.href) for link in mail.html.links]
    words, below = _at_rule(mail.text)
    url = _topic_in(below)
    topic = _TOPIC.search(parts_of(url).path)
    if topic is None:
        raise ParseError("no_link", f"subject {mail.subject[:100]!r}")
    number = topic["number"] or "1"
    kind: Kind = "message" if "[PM]" in mail.subject else "post" if number == "1" else "comment"
    return _interest(
        mail,
        kind,
        "discourse",
        author=_discourse_author(mail, links),
        text=words,
        url=url,
        title=untagged(re.sub(r"^re:\s*", "", mail.subject, flags=re.IGNORECASE)),
        key=("post", parts_of(url).netloc, topic["topic"], number),
        refs=Refs(post=number, thread=topic["topic"]),
    )


def _discourse_author(mail: Mail, links: Sequence[str]) -> Author:
    """By the name before "via Forum"; a forum that hides it shows the profile above the words."""
    profiles = [(url, found["name"]) for url in links if (found := _PERSON.search(parts_of(url).path))]
    via = re.match(r"(?P<name>\S.{0,80}?)\s+(?:via|через)\s", mail.sender.name)
    name = via["name"] if via else next(iter(sent_by(mail)), "") or (profiles[0][1] if profiles else "")
    own = next((url for url, called in profiles if called.casefold() == name.casefold()), None)
    pictures = (image.attr("src") for image in mail.html.select("img[title]") if image.attr("title") == name)
    photo = next((url for src in pictures if (url := canonical_url(src))), None)
    return Author(name=person_name(name) or None, url=own, photo_url=photo)


def _at_rule(text: str) -> tuple[str, str]:
    """Part the words from what stands below the rule under them: posts before it, and how to answer.

    A rule in the words themselves has neither below it, and is not the last.
    """
    lines = [line.strip() for line in text.replace("\r\n", "\n").split("\n")]
    rules = [at for at, line in enumerate(lines) if _RULE.fullmatch(line)]
    before = [at for at in rules if _ITALIC.fullmatch(next(filter(None, lines[at + 1 :]), ""))]
    answer = [at for at in rules if _topic_in(" ".join(lines[at + 1 :][:3]))]
    if not answer:
        return "", text
    return paragraphs("\n".join(lines[: (before or answer[-1:])[0]])), "\n".join(lines[answer[-1] :])


def _topic_in(text: str) -> str:
    return next((url for url in map(canonical_url, _urls(text)) if _TOPIC.search(parts_of(url).path)), "")


def _github(mail: Mail) -> list[Interest] | Ignored:
    login = mail.headers.get("X-GitHub-Sender").strip()
    if _ROBOT.search(login) or _ROBOT.search(mail.sender.name):
        return Ignored("service_mail")
    found = [(url, one) for url in map(canonical_url, _urls(mail.text)) if (one := _DISCUSSION.search(url))]
    if not found:
        raise ParseError("no_link", f"subject {mail.subject[:100]!r}")
    url, place = found[-1]
    about = _ABOUT.match(mail.subject)
    words, rule, _ = mail.text.replace("\r\n", "\n").rpartition("\n-- \n")
    kind: Kind = "mention" if mail.headers.get("X-GitHub-Reason").strip() == "mention" else "comment"
    interest = _interest(
        mail,
        kind if place["comment"] else "post",
        "github",
        author=Author(
            name=person_name(mail.sender.name) or login, url=f"https://github.com/{login}" if login else None
        ),
        text=paragraphs(words) if rule else "",
        url=url,
        title=untagged(about["title"]) if about else "",
        key=("comment", place["comment"]) if place["comment"] else ("discussion", url),
        refs=Refs(comment=place["comment"], thread=place["number"]),
    )
    return [interest]


def _interest(
    mail: Mail,
    kind: Kind,
    network: str,
    *,
    author: Author,
    text: str,
    url: str,
    title: str,
    key: tuple[str, ...],
    refs: Refs,
) -> Interest:
    if not author.name or not text:
        raise TemplateChanged("no_text" if author.name else "no_author", f"subject {mail.subject[:100]!r}")
    return make_interest(
        mail,
        kind=kind,
        channel="site",
        network=network,
        key=key,
        url=url,
        title=title or None,
        author=author,
        text=text,
        reply=Reply(method="link", target=url),
        refs=refs,
        language=language_of(text),
    )


def _urls(text: str) -> list[str]:
    return [text[start:end].rstrip(")>") for start, end in urls_in(text)]
