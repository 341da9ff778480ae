"""Links of Facebook mails: the target inside /n/ and /nd/ wrappers, without what acts for the recipient."""

import re
from urllib.parse import unquote

from mailbridge.sdk import Target, canonical_url, host_of, parts_of, query_of, unwrap_url

_HOSTS = ("facebook.com", "fb.com", "fb.me", "facebookmail.com", "messenger.com")
_KEPT = ("story_fbid", "fbid", "id", "comment_id", "reply_comment_id", "v", "set")
_OWN = re.compile(
    r"(?:email|settings|o\.php|friends|reqs\.php|login|confirm\w*|recover|help|privacy|policies|policy|legal|terms|notifications|home\.php|home"
    r"|find-friends|findfriends|email_\w+|checkpoint|security|hacked|ads|adsmanager|business|reg|r\.php|c\.php|account\w*|about|bookmarks"
    r"|memories|birthdays|events/birthdays|gaming|watch|marketplace|reel|stories|groups|pages|feed|l\.php|nf|share\.php|sharer|sharer\.php"
    r"|dialog|plugins|tr|images|rsrc\.php|unsubscribe|ajax|inbox|messages|requests|photos|videos|notes|saved|lists)(?:/|$)"
)
_OBJECTS = tuple(
    re.compile(pattern)
    for pattern in (
        r"groups/[^/]+/(?:permalink|posts)/(?P<post>\d+)",
        r"groups/[^/]+/(?P<post>\d{6,})",
        r"events/(?P<post>\d{5,})(?:/permalink/\d+)?",
        r"[^/]+/(?:posts|videos|photos(?:/[^/]+)?|reviews|activity)/(?:[^/]+/)?(?P<post>pfbid\w+|\d+)",
        r"stories/\d+/(?P<post>[\w=-]+)",
        r"(?:reel|marketplace/item|watch/live|notes/[^/]+(?:/[^/]+)?)/(?P<post>\d+)",
    )
)
_BY_QUERY = re.compile(r"(?:permalink|story|photo|video|watch)(?:\.php|/)?|media/set/?|photo/view_full_size/?")
_TALK = re.compile(r"(?:messages/(?:t/|read/?)?|inbox/readmessage\.php|t/)(?P<thread>[\w.]*)/?")
_GROUP = re.compile(r"groups/[^/]+/?|pages/[^/]+/\d+/?|events/?")
_BUTTONS = frozenset({"view_on_facebook_btn", "new_view", "1st_cta", "2nd_cta", "header", "logo"})
"""Parts of the template that the sender names in its links and that never show who did something."""
_PERSON = re.compile(r"people/[^/]+/\d+|(?!\w+\.php)[^/?=&]{2,}")
_PORTRAIT = re.compile(
    r"/t[\d.]+-1/|graph\.facebook\.com/[\w.]+/picture|fbsbx\.com/platform/profilepic|profile\.ak\.fbcdn"
)


def target(href: str) -> Target:
    """Read a link as Facebook sends it."""
    inner = unwrap_url(href)
    if not _is_facebook(inner):
        return Target("outside", canonical_url(href))
    path, given = _inner(inner)
    return _classified(path, given, given.get("lloc", ""))


def shown_target(href: str) -> Target:
    """Read a link of the HTML body: the caption of a button is no person's name, whomever it leads to."""
    led = target(href)
    return Target("own", hint=led.hint) if led.role == "person" and led.hint in _BUTTONS else led


def asking_user(href: str) -> str:
    """Return the number of the profile that asks to be a friend, which buttons name as "f"; "" in other links."""
    inner = unwrap_url(href)
    if "friends" not in inner and "reqs.php" not in inner:
        return ""
    path, given = _inner(inner)
    user = given.get("f", "")
    return user if re.match(r"friends|reqs\.php", path) and re.fullmatch(r"\d{3,20}", user) else ""


def profile_url(user_id: str) -> str:
    """Return the canonical link of a profile known by its number."""
    return f"https://www.facebook.com/profile.php?id={user_id}"


def is_portrait(image: str) -> bool:
    """Whether a picture is somebody's profile photo."""
    return bool(_PORTRAIT.search(image))


def _is_facebook(url: str) -> bool:
    host = host_of(url)
    return any(host == own or host.endswith("." + own) for own in _HOSTS)


def _inner(url: str) -> tuple[str, dict[str, str]]:
    """Path and parameters: in /n/?PATH&k=v the first element of the query, decoded, is the path."""
    given = query_of(url)
    parts = parts_of(url)
    if re.fullmatch(r"/nd?/?", parts.path):
        first, _, _ = parts.query.partition("&")
        path = unquote(first)
        given.pop(path, None)
        path, _, more = path.partition("?")
        given |= query_of("?" + more)
        return _relative(path), given
    return _relative(unquote(parts.path)), given


def _relative(path: str) -> str:
    return re.sub(r"^https?://[^/]+", "", path).strip("/")


def _classified(path: str, given: dict[str, str], hint: str) -> Target:
    if post := _post(path, given):
        return _object(path, given, post, hint)
    if match := _TALK.fullmatch(path):
        return _talk(match["thread"] or given.get("t") or given.get("tid") or "", hint)
    if _GROUP.fullmatch(path) and "/" in path:
        return Target("place", _url(path + "/", {}), hint=hint)
    is_profile = path == "profile.php" and bool(given.get("id"))
    if is_profile or (_PERSON.fullmatch(path) and not _OWN.match(path)):
        return Target("person", _url(path, {"id": given["id"]} if is_profile else {}), hint=hint)
    return Target("own", hint=hint)


def _post(path: str, given: dict[str, str]) -> str:
    for pattern in _OBJECTS:
        if match := pattern.fullmatch(path):
            return match["post"]
    names = ("story_fbid", "fbid", "v", "set") if _BY_QUERY.fullmatch(path) else ()
    return next((given[name] for name in names if given.get(name)), "")


def _talk(thread: str, hint: str) -> Target:
    if not thread:
        return Target("own", hint=hint)
    return Target("talk", _url(f"messages/t/{thread}", {}), thread=thread, hint=hint)


def _object(path: str, given: dict[str, str], post: str, hint: str) -> Target:
    reply, comment = given.get("reply_comment_id", ""), given.get("comment_id", "")
    path = re.sub(r"^(groups/[^/]+)/(?:permalink/|posts/)?(\d+)$", r"\1/permalink/\2/", path)
    kept = {name: value for name, value in given.items() if name in _KEPT}
    if path.startswith("events/"):
        path += "/"
    return Target(
        "object", _url(path, kept), post=post, comment=reply or comment, thread=comment if reply else "", hint=hint
    )


def _url(path: str, query: dict[str, str]) -> str:
    pairs = "&".join(f"{name}={value}" for name, value in query.items())
    return canonical_url(f"https://www.facebook.com/{path}" + (f"?{pairs}" if pairs else ""), keep=lambda _: True)
