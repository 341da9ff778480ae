"""A mail inside a mail: what a colleague passed on by hand may be a notification that another parser reads."""

from mailbridge.sdk.errors import ParseError
from mailbridge.sdk.interest import FormField
from mailbridge.sdk.mail import Mail


class Enclosed(ParseError):  # noqa: N818 - names the find, not the error
    """The words of a mail are somebody else's; the core asks who reads what lies inside.

    Interests out of it are labelled "forwarded" and "unverified": nobody vouches for what was passed on by hand, so a
    network that must be authenticated is not believed.

    Args:
        reason: Of the quarantine when no other parser reads the mail inside; see `ParseError`.
        mail: The mail inside, with the ids and times of the outer one and without trust.
        fields: What the interests say of who passed it on.
    """

    def __init__(self, reason: str, mail: Mail, fields: tuple[FormField, ...] = ()) -> None:
        super().__init__(reason, mail.sender.email)
        self.mail = mail
        self.fields = fields
