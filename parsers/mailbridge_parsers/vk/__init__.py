"""VK: comments, replies, reactions, mentions, messages and reviews of profiles and communities."""

from .parser import VkParser

__all__ = ["VkParser"]
