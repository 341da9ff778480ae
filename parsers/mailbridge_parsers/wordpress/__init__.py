"""WordPress: comments, product reviews, pingbacks and registrations that the core announces by mail.

Source of the layouts: wp_notify_postauthor, wp_notify_moderator and wp_new_user_notification in
wp-includes/pluggable.php. The words are those of the site's language, so a mail is read by its shape.
"""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import BaseModel

from mailbridge.sdk import (
    Author,
    FormField,
    Ignored,
    Interest,
    Mail,
    Manifest,
    NoConfig,
    Product,
    Refs,
    Reply,
    Route,
    Strength,
    make_interest,
)
from mailbridge.sdk.language import language_of
from mailbridge.sdk.links import host_of
from mailbridge_parsers.wordpress import account, comment

__all__ = ["WordpressParser"]


class WordpressParser:
    """Reads what WordPress core tells the author of a post, the moderator and the administrator."""

    manifest: ClassVar[Manifest] = Manifest(
        name="wordpress", title="WordPress", evidence="real", docs="docs/parsers/wordpress.md"
    )
    Config: ClassVar[type[BaseModel]] = NoConfig
    routes: ClassVar[Sequence[Route]] = (
        Route("comment-links", Strength.SIGN, match=comment.is_notification),
        Route("registration", Strength.SIGN, match=account.is_registration),
        Route("site-service", Strength.SIGN, match=account.is_service),
    )

    def __init__(self, config: BaseModel | None = None) -> None:
        self.config = config

    def parse(self, mail: Mail) -> Sequence[Interest] | Ignored:
        """Return the one comment, review or registration of a mail."""
        if comment.is_notification(mail):
            return _comment(mail, comment.read(mail))
        if account.is_registration(mail):
            return [_registration(mail, account.read_registration(mail))]
        return Ignored(account.service_reason(mail))


def _comment(mail: Mail, seen: comment.Comment) -> Sequence[Interest] | Ignored:
    if seen.is_note:
        return Ignored("editor_note")
    if seen.is_ping and host_of(seen.author_url or "") == host_of(seen.post_url or ""):
        return Ignored("pingback")  # the site links to itself
    if seen.email in {address.email for address in mail.recipients} and seen.email:
        return Ignored("own_comment")
    review = comment.is_product(seen.post_url)
    page = comment.readable(seen.post_url)
    found = make_interest(
        mail,
        kind="review" if review else "comment",
        channel="review" if review else "site",
        network="wordpress",
        key=("comment", *comment.place(seen.post_url), seen.comment_id),
        url=page,
        title=seen.title,
        author=Author(name=seen.name, email=seen.email, url=comment.readable(seen.author_url)),
        text=seen.text,
        product=Product(name=seen.title, url=page) if review else Product(),
        reply=_reply(comment.readable(seen.url), seen.email),
        refs=Refs(comment=seen.comment_id, post=comment.post_id(seen.post_url)),
        fields=(FormField(label="Title", value=seen.ping_title),) if seen.ping_title else (),
        language=language_of(seen.text),
    )
    return [found]


def _reply(url: str | None, email: str | None) -> Reply:
    if url:
        return Reply(method="link", target=url)
    return Reply(method="email", target=email) if email else Reply()


def _registration(mail: Mail, seen: account.Registration) -> Interest:
    return make_interest(
        mail,
        kind="registration",
        channel="site",
        network="wordpress",
        key=("registration", seen.site, seen.login, seen.email),
        title=seen.site,
        author=Author(name=seen.login, email=seen.email),
        reply=Reply(method="email", target=seen.email),
        language=language_of(mail.text),
    )
