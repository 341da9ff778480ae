"""Facebook: posts, comments, reactions, mentions, friend requests and messages of profiles, pages and groups."""

from .parser import FacebookParser

__all__ = ["FacebookParser"]
