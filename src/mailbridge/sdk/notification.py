"""What a notification of a network says, whoever has read it."""

from dataclasses import dataclass
from datetime import datetime

from mailbridge.sdk.deeds import Deed
from mailbridge.sdk.interest import Author, Precision, Product
from mailbridge.sdk.targets import Target


@dataclass(frozen=True)
class Notice:
    """What a notification says.

    Attributes:
        headline: The line that announces the event, "" when there is none.
        deed: What it announces.
        actors: Who did it; more than one when the headline names several people. A name or an address may be missing.
        text: What stands between headline and buttons, "" when nothing does.
        is_cut: The template shows only the beginning of the text.
        when: The date shown with it.
        target: The object that it is about.
        place: Name of the group or page that the headline links to.
        place_url: Its address, or the one a button leads to.
        is_place: Whether `place` is certainly a group or page, and not another person.
    """

    headline: str = ""
    deed: Deed | None = None
    actors: tuple[Author, ...] = ()
    text: str = ""
    is_cut: bool = False
    when: tuple[datetime, Precision] | None = None
    target: Target | None = None
    place: str = ""
    place_url: str = ""
    is_place: bool = False

    @property
    def product(self) -> Product | None:
        """The group or page as that what the interest is about."""
        return Product(name=self.place, url=self.place_url or None) if self.place and self.is_place else None
