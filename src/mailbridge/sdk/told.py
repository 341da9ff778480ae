"""One notification of a network whose mails need nothing but the common reading."""

from mailbridge.sdk.deeds import actors_in, deed_in
from mailbridge.sdk.digest import read_counted
from mailbridge.sdk.errors import ParseError, TemplateChanged
from mailbridge.sdk.interest import Author, Interest, Kind
from mailbridge.sdk.language import language_of
from mailbridge.sdk.mail import Mail
from mailbridge.sdk.phrases import stars_in
from mailbridge.sdk.plain_notice import read_mail_notice, sent_by
from mailbridge.sdk.social import social_interests
from mailbridge.sdk.targets import NetworkLinks


def read_social(mail: Mail, network: str, links: NetworkLinks, *, kind: Kind | None = None) -> list[Interest]:
    """Read a notification by its headline alone: for networks whose mails need nothing else.

    Args:
        mail: The mail.
        network: Name of the network in the interests.
        links: The network's addresses.
        kind: What the mail announces, where a sign beside the words says so; None = the headline says it.

    Raises:
        ParseError: "unknown_event": no words and no sign say what happened.
        TemplateChanged: "no_author": nobody is named.
    """
    if several := read_counted(mail, network, links):
        return several
    notice = read_mail_notice(mail, links, announced=kind is not None)
    deed = notice.deed or deed_in(mail.subject)
    kind = kind or (deed.kind if deed else None)
    if kind is None:
        raise ParseError("unknown_event", f"subject {mail.subject[:100]!r}")
    actors = notice.actors or tuple(Author(name=name) for name in actors_in(mail.subject) or sent_by(mail))
    if not actors:
        raise TemplateChanged("no_author", f"{kind}, subject {mail.subject[:100]!r}")
    rating, text = stars_in(notice.text) if kind == "review" else (None, notice.text)
    return social_interests(
        mail,
        network,
        kind,
        actors,
        text=text,
        rating=rating,
        target=notice.target,
        when=notice.when,
        title=notice.place,
        place_url=notice.place_url,
        product=notice.product,
        language=deed.language if deed else language_of(notice.text or mail.subject),
    )
