"""Messages of a VK community to a person or a chat: `vk://TOKEN/PEER_ID`. Apprise has no such target.

Source: https://dev.vk.com/method/messages.send
"""

import hashlib
from typing import Any
from urllib.parse import unquote

from mailbridge.sdk import CrmClient, SinkError, cut, read_json

SCHEME = "vk://"
API = "https://api.vk.com"
VERSION = "5.199"
LONGEST = 4096
"""Letters of a message."""


def parts_of(url: str) -> tuple[str, str] | None:
    """Return token and peer id of a target, None when it is written in another way."""
    token, _, peer = url.removeprefix(SCHEME).strip("/").partition("/")
    is_peer = peer.removeprefix("-").isdigit()
    return (unquote(token), peer) if url.startswith(SCHEME) and token and is_peer else None


def send(url: str, text: str) -> str | None:
    """Send a message; return why it was not taken, None when it was.

    The same text twice within an hour is one message there: `random_id` is made of it.
    """
    parts = parts_of(url)
    if parts is None:
        return "write it like vk://TOKEN/PEER_ID"
    token, peer = parts
    number = int.from_bytes(hashlib.sha256(f"{peer} {text}".encode()).digest()[:4], "big") >> 1
    form = {"peer_id": peer, "random_id": str(number), "message": cut(text, LONGEST), "access_token": token}
    http = CrmClient(API, timeout_s=10)
    try:
        answer = http.call("POST", "/method/messages.send", write=True, data={**form, "v": VERSION})
        return _refusal(read_json(answer, write=True))
    except SinkError as error:
        return str(error)
    finally:
        http.close()


def _refusal(said: Any) -> str | None:
    """VK answers every call with status 200."""
    if isinstance(said, dict) and "response" in said:
        return None
    error = said.get("error") if isinstance(said, dict) else None
    if not isinstance(error, dict):
        return "VK gave an answer that can't be read"
    return f"VK says: {error.get('error_code')} {error.get('error_msg')}"
