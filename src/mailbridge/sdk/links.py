"""Links: unwrapped and made canonical offline. Nothing is ever fetched."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import SplitResult, quote, unquote_plus, urljoin, urlsplit

from mailbridge.sdk.gateways import GATEWAY_HOSTS, ungated_url

_LONGEST = 4000
_DEEPEST = 5
_BARE_HOST = re.compile(r"(?:[\w-]+\.)+[^\W\d_]{2,24}(?::\d+)?(?:[/?#]|$)")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_SAFE = "/:@!$&'()*+,;=~-._?[]"
_PLAIN = re.compile(rf"[A-Za-z0-9{re.escape(_SAFE)}]*")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")  # RFC 3986 §2.3: the escaped and the plain form mean the same
_IN_TEXT = re.compile(r"(?:https?://|www\.)[^\s<>\"«»“”]+", re.IGNORECASE)
_TRACKERS = re.compile(
    r"utm(?:_\w+)?|(?:fb|g|y|ys|ms|dc|tw|ttc?|li_fat_|wbra|gbra)(?:clid|id)|_openstat|igshi?d?|_g[al]|mc_[ce]id|mkt_tok|_hs(?:enc|mi)|vero_id"
    r"|ref_src|ref_url|refsrc|rb_clickid|roistat\w*|from_email|spm|ysclid|gad_source|srsltid|_branch_match_id",
    re.IGNORECASE,
)
_ACTING = (
    r"bcode|n_m|cc_key|[mu]hash|hash|fcode|loginkey|login_key|auth_?(?:key|token)|access_?token|token|sess(?:ion)?_?id|sid|phpsessid"
    r"|jsessionid|api_?key|(?:\w{1,30}_)?notify_key|secret|password|pwd|sign?|signature|otp|auth|tkn|_?(?:wp_?)?nonce"
)
_OWNERS = re.compile(r"bcode|n_m|[mu]hash|fcode|login_?key|midtoken|cc_key", re.IGNORECASE)
"""Tokens that networks give to whom they write; a "hash" or "sign" may belong to a link that a person sends."""
_TOKENS = re.compile(_ACTING, re.IGNORECASE)
_MAY_HOLD_TOKEN = re.compile(rf"[?&](?:{_ACTING})=|%", re.IGNORECASE)

_NO_PARTS = SplitResult("", "", "", "", "")


@dataclass(frozen=True, slots=True)
class _Wrapper:
    hosts: tuple[str, ...]
    path: str
    parameters: tuple[str, ...]


_WRAPPERS = (
    _Wrapper(
        ("l.facebook.com", "lm.facebook.com", "l.instagram.com", "l.messenger.com", "l.threads.net"), r"/.*", ("u",)
    ),
    _Wrapper(("facebook.com",), r"/(?:l\.php|flx/warn/?)", ("u",)),
    _Wrapper(("vk.com", "vk.ru"), r"/away(?:\.php)?", ("to",)),
    _Wrapper(("ok.ru", "odnoklassniki.ru"), r"/dk", ("st.link",)),
    _Wrapper(("twitter.com", "x.com"), r"/i/redirect", ("url",)),
    _Wrapper(("youtube.com",), r"/redirect", ("q",)),
    _Wrapper(("youtube.com",), r"/attribution_link", ("u",)),
    _Wrapper(("linkedin.com",), r"/(?:redir/redirect|safety/go/?)", ("url",)),
    _Wrapper(("twitter.com", "x.com"), r"/safety/unsafe_link_warning", ("unsafe_link",)),
    _Wrapper(("redirect.disqus.com",), r"/url", ("url",)),
    _Wrapper(("google.com", "google.ru"), r"/url", ("q", "url")),
)
_WRAPPING_HOSTS = tuple(host for wrapper in _WRAPPERS for host in wrapper.hosts)


@lru_cache(maxsize=512)
def unwrap_url(url: str) -> str:
    """Return where a link leads behind the redirect pages of networks and mail providers, read from the link itself."""
    url = _tidy(url)
    for _ in range(_DEEPEST):
        target = _wrapped(url)
        if not target:
            return url
        url = _tidy(target)
    return url


def canonical_url(url: str, *, keep: Callable[[str], bool] | None = None) -> str:
    """Return the one form of a link that is stored, compared and shown; "" when it is no web address.

    Redirect pages, trackers, log-in tokens, credentials and a default port are removed; percent-escapes are
    normalised (RFC 3986 §6.2.2), letters beyond ASCII are escaped as UTF-8 and the host becomes an A-label.

    Args:
        url: As sent; "&amp;" that was left in a text part is understood.
        keep: Which parameters of the query matter, by name; None = all but trackers and tokens.
    """
    url = unwrap_url(url)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    written, host = host, _a_label(host)
    if parts.scheme.lower() not in {"http", "https"} or not host or len(url) > _LONGEST:
        return ""
    is_other = host != written  # only now it may be known as the host of a redirect page
    host = f"[{host}]" if ":" in host else host  # RFC 3986 §3.2.2
    place = host if port in {None, 80, 443} else f"{host}:{port}"
    query = "&".join(_escaped(piece) for piece in parts.query.split("&") if piece and _stays(piece, keep))
    fragment = "" if parts.fragment.startswith(":~:") else _escaped(parts.fragment)
    address = f"{parts.scheme.lower()}://{place}{_escaped(parts.path) or '/'}"
    address += (f"?{query}" if query else "") + (f"#{fragment}" if fragment else "")
    return canonical_url(address, keep=keep) if is_other else address


def has_token(url: str) -> bool:
    """Whether a link carries what may act for the one it was sent to."""
    return _MAY_HOLD_TOKEN.search(url) is not None and any(_TOKENS.fullmatch(name) for name in query_of(url))


def query_of(url: str) -> dict[str, str]:
    """Return the parameters of a link, decoded; the first of a name wins."""
    pairs: dict[str, str] = {}
    for piece in parts_of(url).query.split("&"):
        name, _, value = piece.partition("=")
        pairs.setdefault(unquote_plus(name), unquote_plus(value))
    pairs.pop("", None)
    return pairs


def parts_of(url: str) -> SplitResult:
    """Return the parts of a link as `urlsplit` does, all empty when it is none: strangers write "https://[" too."""
    try:
        return urlsplit(url)
    except ValueError:
        return _NO_PARTS


def host_of(url: str) -> str:
    """Return the host in lower case without "www.", "" when there is none."""
    return (parts_of(url).hostname or "").removeprefix("www.")


def urls_in(text: str) -> list[tuple[int, int]]:
    """Return where web addresses stand in a text: (start, end), punctuation of the sentence left out."""
    found = []
    for match in _IN_TEXT.finditer(text):
        address = match.group().rstrip(".,;:!?'*]}…")
        while address.endswith(")") and address.count(")") > address.count("("):
            address = address[:-1].rstrip(".,;:!?")
        found.append((match.start(), match.start() + len(address)))
    return found


def plain_links(text: str) -> str:
    """Return a text in which web addresses lead straight to where they lead, without what acts for the recipient."""
    shown, at = [], 0
    for start, end in urls_in(text) if "/" in text else ():
        url = text[start:end]
        if unwrap_url(url) != _tidy(url) or any(_OWNERS.fullmatch(name) for name in query_of(url)):
            shown += [text[at:start], canonical_url(url)]
            at = end
    return "".join((*shown, text[at:]))


def _tidy(url: str) -> str:
    """Repair what browsers repair: blanks around, line breaks inside, entities of a text part, a missing scheme."""
    url = re.sub(r"[\t\r\n\x00\ud800-\udfff]", "", url.strip()).replace("&amp;", "&")
    if url.startswith("//"):
        return "https:" + url
    return "https://" + url if _BARE_HOST.match(url) else url


def _wrapped(url: str) -> str:
    host = host_of(url)
    if host.endswith(GATEWAY_HOSTS) and (target := ungated_url(url)) != url:
        return target
    if not host.endswith(_WRAPPING_HOSTS):
        return ""
    for wrapper in _WRAPPERS:
        if any(host == own or host.endswith("." + own) for own in wrapper.hosts):
            target = _target(url, wrapper)
            if target:
                return target
    return ""


def _target(url: str, wrapper: _Wrapper) -> str:
    if not re.fullmatch(wrapper.path, parts_of(url).path):
        return ""
    given = query_of(url)
    target = next((given[name] for name in wrapper.parameters if given.get(name)), "")
    return _from(url, target) if target.startswith("/") else target


def _from(url: str, path: str) -> str:
    try:
        return urljoin(url, path)
    except ValueError:
        return ""  # such as //[: half an address of IPv6


def _stays(piece: str, keep: Callable[[str], bool] | None) -> bool:
    name = unquote_plus(piece.partition("=")[0])
    if keep is not None:
        return keep(name)
    return not (_TRACKERS.fullmatch(name) or _TOKENS.fullmatch(name))


def _escaped(part: str) -> str:
    return part if _PLAIN.fullmatch(part) else quote(_ESCAPE.sub(_normal_escape, part), safe=f"%{_SAFE}")


def _normal_escape(match: re.Match[str]) -> str:
    sign = chr(int(match[1], 16))
    return sign if _UNRESERVED.fullmatch(sign) else f"%{match[1].upper()}"


def _a_label(host: str) -> str:
    try:
        label = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    label = label.rstrip(".")
    return label if re.fullmatch(r"[\w.:-]+", label) else ""
