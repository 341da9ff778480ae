"""What all review mails have in common."""

from dataclasses import dataclass

from mailbridge.sdk import Mail, clean
from mailbridge.sdk.links import canonical_url


@dataclass(frozen=True, slots=True)
class Review:
    """One review.

    Attributes:
        url: Where it stands, or the page of the place.
        place: Name of the shop, office or company.
        review_id: Id that the service gave it.
        rating: 1 to 5.
        verdict: The rating as a word, where the service tells no number.
    """

    url: str | None = None
    place: str | None = None
    author: str | None = None
    text: str | None = None
    review_id: str | None = None
    rating: int | None = None
    verdict: str | None = None


def lines_of(mail: Mail) -> list[str]:
    """Return the filled lines of what a reader sees."""
    return [line.strip() for line in clean(mail.words).split("\n") if line.strip()]


def behind_tracker(href: str) -> str:
    """Return the canonical target of a link; senders of mass mail write it after "/*"."""
    wrapper, star, target = href.partition("/*http")
    return canonical_url(f"http{target}" if star and wrapper else href)
