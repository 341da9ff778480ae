"""How deep HTML nests, in linear time: tree builders are quadratic in it."""

import re
from itertools import chain

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]{0,40})")
# Elements that hold nothing, or that an HTML parser closes by itself when the next one begins.
_NOT_COUNTED = frozenset(
    "area base br col embed hr img input link meta param source track wbr p li dt dd tr td th tbody thead tfoot "  # noqa: SIM905
    "option colgroup html head body path rect circle line polygon polyline ellipse use stop image".split()
)
_SOUND_TAG = re.compile(
    r"</?+([a-zA-Z][a-zA-Z0-9:-]*+)"
    r"(?:\s++[^\s\"'<>/=]++(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s\"'<>=`]++))?+)*+\s*+/?>"
    r"|<!(?:doctype|\[if|\[endif)[^<>]*+>|<\?[^<>]*+>",
    re.IGNORECASE,
)
_TO_NEXT_END = re.compile(r"</?[a-zA-Z][^>]*+")
_WHOLE_TAG = re.compile(r"<[a-zA-Z](?:[^>\"']++|\"[^\"]*+\"?+|'[^']*+'?+)*+")
_ATTRIBUTE = re.compile(r"(?:[\s/]|(?<=[\"']))[^\s/>=\"']++(?:\s*+=\s*+(?:\"[^\"]*+\"?+|'[^']*+'?+|[^\s>]++))?+")
_LONG_TAG = 5_000
"""Characters; no shorter one has enough attributes to be noticed."""
_HOLDS_TEXT = frozenset("script style title textarea xmp iframe noembed noframes noscript plaintext".split())  # noqa: SIM905
_COMMENT = "<!--"


def html_depth(source: str) -> int:
    """Return how deep elements nest at most; what stands in comments does not count."""
    depth = deepest = 0
    open_by_name: dict[str, int] = {}
    order: list[str] = []
    for found in _TAG.finditer(without_comments(source)):
        name = found.group(2).lower()
        if name in _NOT_COUNTED or ":" in name:
            continue
        if not found.group(1):
            order.append(name)
            open_by_name[name] = open_by_name.get(name, 0) + 1
            depth += 1
            deepest = max(deepest, depth)
        elif open_by_name.get(name):
            while True:
                closed = order.pop()
                open_by_name[closed] -= 1
                depth -= 1
                if closed == name:
                    break
    return deepest


def most_attributes(source: str) -> int:
    """Return how many attributes one tag has at most, if that may matter: tree builders are quadratic in it.

    A quote in a comment, in a script or in a closing tag makes the tag behind it look like a value. So everything is
    looked at twice: with quotes that may hold ">", and from each "<" to the next ">" whatever stood before.
    """
    if len(source) < _LONG_TAG:
        return 0
    readings = (_WHOLE_TAG.finditer(source), _TO_NEXT_END.finditer(source))
    tags = (found.group() for found in chain(*readings) if found.end() - found.start() > _LONG_TAG)
    return max((sum(1 for _ in _ATTRIBUTE.finditer(tag)) for tag in tags), default=0)


def without_comments(source: str) -> str:
    """Cut comments out, up to the first place where tree builders may disagree what is a comment.

    From there on everything stays: "<!--" in an attribute, in a script or without an end would hide elements.
    """
    if _COMMENT not in source:
        return source
    kept: list[str] = []
    place = start = 0
    while (place := source.find("<", place)) >= 0:
        if not source.startswith(_COMMENT, place):
            following = _after_tag(source, place)
        elif (following := _after_comment(source, place)) is not None:
            kept.append(source[start:place])
            start = following
        if following is None:
            break
        place = following
    kept.append(source[start:])
    return "".join(kept)


def _after_comment(source: str, place: int) -> int | None:
    """Return where the comment ends for every tree builder, None when they differ (WHATWG HTML §13.2.5.43 ff.)."""
    begin = place + len(_COMMENT)
    end = source.find("-->", begin)
    if end < 0 or source.startswith((">", "->"), begin) or source.find("--!>", begin, end) >= 0:
        return None
    return end + len("-->")


def _after_tag(source: str, place: int) -> int | None:
    found = _SOUND_TAG.match(source, place)
    if found is None:
        return None
    name = (found.group(1) or "").lower()
    if name not in _HOLDS_TEXT or source.startswith("</", place):
        return found.end()
    end = source.find("</", found.end())
    content = source[found.end() : end]
    sound = end >= 0 and "<" not in (content.replace(_COMMENT, "") if name == "style" else content)
    return end if sound else None
