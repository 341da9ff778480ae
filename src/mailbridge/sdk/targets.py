"""What links of a network lead to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Role = Literal["person", "place", "object", "talk", "own", "outside"]
"""What a link of a network points to: a profile; a group or page; a post, comment, picture or item; a conversation;
something of the mailbox owner (settings, log-in, buttons that act); anything else."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a link of a network leads.

    Attributes:
        role: What stands there.
        url: Its canonical form; "" when it must not be shown.
        post: Id of the post, picture or item, as the network names it.
        comment: Id of the comment or reply.
        owner: Within whom these ids are unique, "" when they are so in the whole network.
        thread: Id of the conversation.
        hint: What else the sender said in the link, such as the part of the template it stands in.
    """

    role: Role
    url: str = ""
    post: str = ""
    comment: str = ""
    owner: str = ""
    thread: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class NetworkLinks:
    """What a parser knows of its network's addresses.

    Attributes:
        target: Reads a link as sent.
        is_photo: Whether the address of a picture is that of a person's portrait.
        shows_position: Whether the network shows what a person works as below the name.
    """

    target: Callable[[str], Target]
    is_photo: Callable[[str], bool]
    shows_position: bool = False
