"""Links of VK in their one canonical form, whatever domain, mobile site or pop-up address a mail uses."""

import re
from urllib.parse import unquote

from mailbridge.sdk import Target, canonical_url, host_of, parts_of, query_of, unwrap_url

_HOSTS = ("vk.com", "vk.ru", "vkontakte.ru", "vk.me")
_OBJECT = re.compile(
    r"(?P<kind>wall|photo|video|clip|topic|product|market|note|story|album|poll|article|podcast|reviews?|event|doc)"
    r"(?P<owner>-?\d+)_(?P<number>\d+)(?:_r(?P<reply>\d+))?"
)
_GOODS = re.compile(r"market/product/(?:[^/]*?)-?(?P<owner>\d+)-(?P<number>\d+)")
_POPUP = re.compile(r"(?P<place>market-\d+|market)(?:/.*)?")
_TALK = re.compile(r"im|gim\d+|im/convo/-?\d+|write-?\d+|mail")
_COMMUNITY = re.compile(
    r"(?:club|public|event|group)\d+|(?:reviews|market|album|topics|board|videos|photos|wall|services|uslugi)-\d+"
)
_PERSON = re.compile(r"id\d+|[a-z][a-z0-9_.]{1,31}")
_OWN = re.compile(
    r"(?:settings|feed|login|restore|blog|support|help|friends|notifications|groups|apps?|away|dev|terms|privacy|about|gifts"
    r"|activation|join|registration|fave|bookmarks|search|audios?|video|videos|photos|albums|docs|games|stickers|ads|market"
    r"|services?|pay|edit|discover|news|events|calls|clips|unsubscribe|email|al_\w+|badbrowser|faq\w*|press|jobs|security|id"
    r"|images?|share|widget\w*|vkpay|vkid|account|verify|invites?|requests|birthdays|memories|mini_apps|pages?|test|doc)"
    r"(?:\.php)?(?:[/?#].*)?|app\d+.*"
)
_PORTRAIT = re.compile(
    r"userapi\.com/|vk\.(?:com|ru|me)/(?:images/(?:camera|deactivated)|photo)|vkuser(?:photo|audio)?\w*\.\w+/",
    re.IGNORECASE,
)
_NO_PORTRAIT = re.compile(r"logo|icon|emoji|sticker|banner|/images/(?!camera|deactivated)", re.IGNORECASE)


def target(href: str) -> Target:
    """Read a link as VK sends it."""
    url = unwrap_url(href)
    host = host_of(url).removeprefix("m.")
    if not any(host == own or host.endswith("." + own) for own in _HOSTS):
        return Target("outside", canonical_url(href))
    given = query_of(url)
    path = unquote(parts_of(url).path).strip("/")
    if host == "vk.me" and path:
        return Target("own")
    popup = given.get("w") or given.get("z") or ""
    return _object(popup.partition("/")[0], path, given) or _object(path, "", given) or _rest(path.lower(), given)


def is_portrait(image: str) -> bool:
    """Whether a picture may be somebody's profile photo."""
    return bool(_PORTRAIT.search(image)) and not _NO_PORTRAIT.search(image)


def _object(name: str, place: str, given: dict[str, str]) -> Target | None:
    match = _OBJECT.fullmatch(name) or _GOODS.fullmatch(name)
    if match is None:
        return None
    parts = match.groupdict()
    kind, owner = parts.get("kind") or "product", parts["owner"] or ""
    if "kind" not in parts:
        owner = "-" + owner
    post = f"{kind}{owner}_{parts['number']}"
    thread, comment = given.get("thread", ""), parts.get("reply") or given.get("reply", "")
    if kind == "topic":
        comment = given.get("post", "")
    inside = place if kind == "product" and _POPUP.fullmatch(place) else ""
    # Comments of a wall are numbered together, those of videos, goods and so on each apart.
    scope = owner if kind == "wall" else kind + owner
    return Target("object", _object_url(kind, post, inside, comment, thread), post=post, comment=comment, owner=scope)


def _object_url(kind: str, post: str, inside: str, comment: str, thread: str) -> str:
    if inside:
        return f"https://vk.com/{inside}?w={post}"
    name = "post" if kind == "topic" else "reply"
    query = "&".join(f"{key}={value}" for key, value in ((name, comment), ("thread", thread)) if value)
    return canonical_url(f"https://vk.com/{post}" + (f"?{query}" if query else ""), keep=lambda _: True)


def _rest(path: str, given: dict[str, str]) -> Target:
    if _TALK.fullmatch(path):
        return _talk(path, given)
    if _COMMUNITY.fullmatch(path):
        return Target("place", f"https://vk.com/{path}")
    if _PERSON.fullmatch(path) and not _OWN.fullmatch(path):
        return Target("person", f"https://vk.com/{path}")
    return Target("own")


def _talk(path: str, given: dict[str, str]) -> Target:
    peer = given.get("sel") or (re.search(r"-?\d+$", path.removeprefix("gim")) or [""])[0]
    box = path if path.startswith("gim") else "im"
    if box != "im" and not given.get("sel"):
        peer = ""
    if not re.fullmatch(r"c?-?\d+", peer) or peer == "0":
        return Target("own")
    number = given.get("msgid", "")
    return Target(
        "talk", f"https://vk.com/{box}?sel={peer}", post=number if number != "0" else "", owner=box, thread=peer
    )
