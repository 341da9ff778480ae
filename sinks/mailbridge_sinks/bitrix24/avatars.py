"""Photos of people who become contacts: fetched before anything is announced, and never for long."""

import time
from collections.abc import Sequence

from mailbridge.sdk import Delivery, Photo, PhotoConfig, fetch_photo

MOST_S = 10.0
"""For all photos of a batch together: cards do not wait longer for pictures, and the lease lives on."""
MOST_BYTES = 500_000
"""Larger ones are left out: they travel inside the text of a batch request."""


def fetch_photos(deliveries: Sequence[Delivery], config: PhotoConfig) -> dict[str, Photo]:
    """Return delivery key → photo of the author, as far as they are allowed, there, small enough and quick."""
    photos: dict[str, Photo] = {}
    until = time.monotonic() + MOST_S
    for delivery in deliveries:
        left_s = until - time.monotonic()
        if not config.hosts or left_s <= 0:
            break
        hurried = config.model_copy(
            update={"timeout_s": min(config.timeout_s, left_s), "max_bytes": min(config.max_bytes, MOST_BYTES)}
        )
        if photo := fetch_photo(delivery.interest.author.photo_url, hurried):
            photos[delivery.key] = photo
    return photos
