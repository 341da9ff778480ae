"""Links with people, companies, ids and tokens exchanged; what a parser goes by stays."""

import base64
import binascii
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from mailbridge.testing.anonymise.text import Rewriter

_PARTS = re.compile(
    r"(?P<scheme>[a-z]+://|)(?P<login>[^/?#@]*@|)(?P<host>[^/?#:]*)(?P<port>:\d+|)(?P<path>[^?#]*)(?P<rest>.*)",
    re.DOTALL | re.IGNORECASE,
)
_PAIR = re.compile(r"([?&#;]|&amp;|^)([^=&#;?]*)(=?)([^&#;?]*)")
_CODE = re.compile(r"[A-Za-z0-9+/_=%.-]{16,}")
_NAMED_ID = re.compile(r"[\w-]{0,100}[a-z][-_]?\d+(?:[-_]\d+)*")
_SHORT = 4
_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")


def rewrite_link(url: str, rewriter: "Rewriter") -> str:
    """Return the link with everything personal exchanged, its form kept."""
    parts = _PARTS.fullmatch(url)
    if parts is None or not parts["host"]:
        return rewriter.name(url)
    login = f"{rewriter.name(parts['login'][:-1])}@" if parts["login"] else ""
    head = f"{parts['scheme']}{login}{rewriter.host(parts['host'])}{parts['port']}"
    # What networks write in front of their pictures and pages are short numbers; what they number are long ones.
    kept = _SHORT if rewriter.is_known(parts["host"]) else 2
    path = "/".join(_value(one, rewriter, kept) for one in parts["path"].split("/"))
    return head + path + _PAIR.sub(lambda found: _pair(found, rewriter), parts["rest"])


def rewrite_letter(url: str, rewriter: "Rewriter") -> str:
    """Return a link that begins a mail: address, subject and words exchanged (RFC 6068)."""
    scheme, colon, rest = url.partition(":")
    address, mark, query = rest.partition("?")
    return f"{scheme}{colon}{rewriter.text(address)}{_PAIR.sub(lambda found: _pair(found, rewriter), mark + query)}"


def _pair(found: re.Match[str], rewriter: "Rewriter") -> str:
    mark, name, equals, value = found.groups()
    if not equals:
        return f"{mark}{_value(name, rewriter)}"
    return f"{mark}{name}={_value(value, rewriter)}"


def _value(value: str, rewriter: "Rewriter", kept: int = 2) -> str:
    plain = unquote(value)
    if plain != value:
        fresh = _plain(plain, rewriter, kept)
        return value if fresh == plain else _escaped(fresh, value)
    return _plain(value, rewriter, kept)


def _plain(value: str, rewriter: "Rewriter", kept: int = 2) -> str:
    if re.match(r"[a-z]+://|www\.", value, re.IGNORECASE):
        return rewrite_link(value, rewriter)
    if "/" in value and not re.fullmatch(r"[A-Za-z0-9+/]{40,}={0,2}", value):
        return "/".join(_plain(one, rewriter) for one in value.split("/"))
    if "@" in value:
        return rewriter.text(value)
    if (
        _CODE.fullmatch(value)
        and re.search(r"\d", value)
        and not re.fullmatch(r"[A-Za-z_-]*[a-z]+[-_]?\d+(?:[-_]\d+)*", value)
    ):
        return _code(value, rewriter)
    return rewriter.name(value, kept=kept)


def _code(value: str, rewriter: "Rewriter") -> str:
    """A token, or text in base64: then what is in it is exchanged, and it remains readable."""
    try:
        inner = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return rewriter.fakes.token(value)
    if not inner.isprintable() or "://" not in inner:
        return rewriter.fakes.token(value)
    fresh = base64.b64encode(rewriter.text(inner).encode(), altchars=b"-_").decode()
    return fresh if "=" in value else fresh.rstrip("=")


def _escaped(fresh: str, like: str) -> str:
    """Escape what was escaped, and no more."""
    small = any(escape != escape.upper() for escape in _ESCAPED.findall(like))
    safe = "".join(sign for sign in ":/?&=@,+#" if sign in like)
    text = quote(fresh, safe=safe)
    return _ESCAPED.sub(lambda found: found[0].lower(), text) if small else text
