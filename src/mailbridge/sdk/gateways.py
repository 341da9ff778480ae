"""Links as mail gateways write them anew, read back offline: Safe Links, Proofpoint, Barracuda, Sophos and others.

Between sender and mailbox a company's own gateway may put its check before every link of a mail. Nearly all of them
keep the link inside their own; what only their server knows (Mimecast) stays as it is.
"""

import base64
import re
import string
from collections.abc import Callable
from urllib.parse import parse_qs, quote, unquote, urlsplit

_DEEPEST = 5
_RUNS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
_V3 = re.compile(r"https?://[^/]+/v3/__(?P<url>.+?)__;(?P<signs>[\w+/-]*=*)!", re.IGNORECASE | re.DOTALL)
_HOLES = re.compile(r"\*(?:\*(?P<run>[A-Za-z0-9_-]))?")
_ONE_SLASH = re.compile(r"^(https?):/(?!/)", re.IGNORECASE)
_UNSAFE = re.compile(r"[\s\x00-\x1f\x7f\"<>]")


def _parameter(*names: str) -> Callable[[str], str]:
    def read(url: str) -> str:
        given = parse_qs(urlsplit(url).query)
        return next((given[name][0] for name in names if name in given), "")

    return read


def _proofpoint(url: str) -> str:
    """Return what URL Defense holds: version 3 keeps the link as text, with its odd signs apart; 1 and 2 escape it."""
    if whole := _V3.match(url):
        signs = base64.urlsafe_b64decode(whole["signs"].rstrip("=") + "==").decode("utf-8", "replace")
        return _ONE_SLASH.sub(r"\1://", _filled(whole["url"], signs))
    target = _parameter("u")(url)
    return unquote(target.replace("-", "%").replace("_", "/")) if "/v2/" in url else target


def _filled(words: str, signs: str) -> str:
    """Put the signs back where an asterisk stands for one, and two with a letter for a run of them."""
    at = 0

    def sign(hole: re.Match[str]) -> str:
        nonlocal at
        count = _RUNS.index(hole["run"]) + 2 if hole["run"] else 1
        at += count
        return signs[at - count : at]

    return _HOLES.sub(sign, words)


def _sophos(url: str) -> str:
    data = _parameter("u")(url)
    return base64.b64decode(data + "=" * (-len(data) % 4), validate=True).decode("utf-8", "replace")


def _last_of_path(url: str) -> str:
    return unquote(urlsplit(url).path.rpartition("/")[2])


_GATEWAYS: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    ("safelinks.protection.outlook.com", "/", _parameter("url")),
    ("urldefense.com", "/v", _proofpoint),
    ("urldefense.us", "/v", _proofpoint),
    ("urldefense.proofpoint.com", "/v", _proofpoint),
    ("linkprotect.cudasvc.com", "/url", _parameter("a")),
    ("clicktime.symantec.com", "/", _parameter("u")),
    ("protection.sophos.com", "/", _sophos),
    ("trendmicro.com", "/wis/clicktime/", _parameter("url")),
    ("secure-web.cisco.com", "/", _last_of_path),
    ("fireeye.com", "/", _parameter("u")),
    ("checklink.mail.ru", "/proxy", _parameter("url")),
    ("click.mail.ru", "/redir", _parameter("u")),
    ("sba.yandex.net", "/redirect", _parameter("url")),
)
"""Host, how the path begins, and how the link behind it is read."""
GATEWAY_HOSTS = tuple(host for host, _, _ in _GATEWAYS)


def ungated_url(url: str) -> str:
    """Return the link that a gateway put its own before, through several of them; any other link as it is.

    What comes out has no blanks, quotation marks or brackets: it can be put where the gateway's stood.
    """
    for _ in range(_DEEPEST):
        target = _behind(url)
        if not target:
            return url
        url = target
    return url


def _behind(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        for own, path, read in _GATEWAYS:
            if (host == own or host.endswith("." + own)) and (parts.path or "/").startswith(path):
                return _safe(read(url))
    except ValueError:
        pass
    return ""


def _safe(url: str) -> str:
    if not url.lower().startswith(("http://", "https://")):
        return ""
    return _UNSAFE.sub(lambda match: quote(match.group()), url)
