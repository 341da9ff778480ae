"""HTML with everything personal exchanged between its tags and in their attributes; the markup is not touched."""

import html
import re

from mailbridge.testing.anonymise.text import Rewriter

_PIECE = re.compile(r"(<!--.*?-->|<(?:style|script)\b.*?</(?:style|script)\s*>|<[^>]*>)", re.DOTALL | re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([\w:-]+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)""")
_LINKS = frozenset(
    ["href", "src", "action", "background", "cite", "data-href", "data-saferedirecturl", "poster", "longdesc"]
)
_WORDS = frozenset(["alt", "title", "content", "value", "aria-label", "placeholder", "summary"])
_NUMERIC = re.compile(r"&#[xX]?[0-9A-Fa-f]+;")


def rewrite_html(source: str, rewriter: Rewriter) -> str:
    """Return the HTML source with everything personal exchanged."""
    return "".join(
        _tag(piece, rewriter) if piece.startswith("<") else _text(piece, rewriter) for piece in _PIECE.split(source)
    )


def _text(piece: str, rewriter: Rewriter) -> str:
    if not piece.strip():
        return piece
    plain = html.unescape(piece)
    fresh = rewriter.text(plain)
    return piece if fresh == plain else _escaped(fresh, piece)


def _escaped(fresh: str, like: str) -> str:
    """Escape as the original did: numbers where it wrote letters as numbers."""
    text = html.escape(fresh, quote="&quot;" in like).replace("\u00a0", "&nbsp;" if "&nbsp;" in like else "\u00a0")
    if _NUMERIC.search(like) and like.isascii():
        return "".join(sign if sign.isascii() else f"&#{ord(sign)};" for sign in text)
    return text


def _tag(piece: str, rewriter: Rewriter) -> str:
    if piece.startswith("<!--") and not piece.startswith("<!--["):
        return "<!--" + rewriter.text(piece[4:-3]) + "-->"
    if piece[:9].upper() == "<!DOCTYPE":
        return piece
    if re.match(r"<(?:style|script|!)", piece, re.IGNORECASE):
        return re.sub(r"(?:https?:)?//[^\s\"')]+", lambda found: rewriter.link(found[0]), piece)
    return _ATTRIBUTE.sub(lambda found: _attribute(found, rewriter), piece)


def _attribute(found: re.Match[str], rewriter: Rewriter) -> str:
    name, equals, value = found.groups()
    mark = value[0] if value[0] in "\"'" else ""
    inner = html.unescape(value[1:-1] if mark else value)
    key = name.casefold()
    if key in _LINKS:
        fresh = _address(inner, rewriter)
    elif key in _WORDS or key.startswith("data-"):
        fresh = rewriter.text(inner)
    else:
        fresh = re.sub(r"\d{5,}", lambda one: rewriter.fakes.digits(one[0]), inner) if key in {"id", "name"} else inner
    if fresh == inner:
        return found[0]
    return f"{name}{equals}{mark}{html.escape(fresh, quote=False).replace(chr(34), '&quot;')}{mark}"


def _address(value: str, rewriter: Rewriter) -> str:
    scheme = value.split(":", 1)[0].casefold().strip()
    if scheme == "mailto":
        return rewriter.link(value.strip())
    if scheme in {"tel", "sms", "callto", "cid", "skype", "viber", "whatsapp", "tg"}:
        return value[: len(scheme) + 1] + rewriter.text(value[len(scheme) + 1 :])
    if scheme in {"data", "javascript", "about"} or value.startswith("#"):
        return value
    return rewriter.link(value.strip())
