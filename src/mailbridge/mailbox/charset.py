"""From bytes to text when the charset is declared, missing or wrong. What was guessed is marked, never silent."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from mailbridge.mailbox.charset_names import CYRILLIC, EAST_ASIAN, LATIN, STATEFUL, WIDE, codec_of
from mailbridge.mailbox.charset_score import russian, western

GUESSED = "charset_guessed"
"""The charset is not the declared one, or none was declared; another reads convincingly."""
MIXED = "charset_mixed"
"""Lines of one text have different charsets; each was read in its own."""
UNREADABLE = "charset_unreadable"
"""Some bytes are readable in no charset; U+FFFD stands for them."""
DOUBLE_ENCODED = "double_encoded"
"""The text had been encoded twice (UTF-8 taken for a one-byte charset); undone."""

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_CONVINCING = 0.3
_CLEARLY = 0.3
_AGAINST_LATIN = 0.52
_FEW_LETTERS = 4
_CERTAIN = 0.5
_MANY_LETTERS = 60
# What undeclared Russian text is in, with how much rarer each is than the first.
_GUESSES = {"cp1251": 0.0, "koi8-u": 0.05, "cp866": 0.1, "iso8859-5": 0.15}
_SCORED_BYTES = 2500
_BEYOND_ASCII = bytes(range(0x80, 0x100))
_SCORED_LINES = 200
_MULTIBYTE = re.compile(rb"[\xc2-\xf4][\x80-\xbf]+")
_META = re.compile(rb"<meta\b[^>]{0,400}?\bcharset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_META_WITHIN = 4096


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, and the words for what was guessed or repaired."""

    text: str
    defects: tuple[str, ...] = ()


def to_text(data: bytes, declared: str = "", hints: Iterable[str] = ()) -> Decoded:
    """Return the text that the bytes mean.

    A declared charset that decodes without error and reads plausibly always wins. Otherwise candidates are scored.

    Args:
        data: The bytes, transfer encoding undone.
        declared: Charset name as sent, "" when none.
        hints: Further names, such as that of the HTML `meta` element; asked when the declared one fails.
    """
    codec = codec_of(declared)
    if (wide := _wide(data, codec)) is not None:
        return Decoded(wide)
    if codec in STATEFUL and (text := _strict(data, codec)) is not None:
        return Decoded(text)
    if data.isascii():
        return Decoded(data.decode("ascii"), (GUESSED,) if declared and codec is None and b"+" in data else ())
    chosen = _chosen(data, codec, declared, [found for hint in hints if (found := codec_of(hint))])
    repaired = undouble(chosen.text)
    if repaired == chosen.text:
        return chosen
    return Decoded(repaired, (*chosen.defects, DOUBLE_ENCODED))


def html_charset(data: bytes) -> str:
    """Return the charset of the `meta` element of an HTML body, "" when there is none."""
    found = _META.search(data[:_META_WITHIN])
    return found.group(1).decode("ascii", "replace") if found else ""


def _wide(data: bytes, codec: str | None) -> str | None:
    """Read UTF-16 and whatever begins with a byte order mark; None when the bytes are neither."""
    for mark, name in _BOMS:
        if data.startswith(mark) and (text := _strict(data[len(mark) :], name)) is not None:
            return text
    zeros_even, zeros_odd = data[:2000:2].count(0), data[1:2000:2].count(0)
    if codec not in WIDE and max(zeros_even, zeros_odd) * 4 < min(len(data), 2000):
        return None
    if codec == "utf-32":
        return _strict(data, codec)
    if codec in WIDE or len(data) % 2 == 0:
        big = codec == "utf-16-be" or (codec != "utf-16-le" and zeros_even > zeros_odd)
        if codec in WIDE or not (zeros_even and zeros_odd):
            return data.decode("utf-16-be" if big else "utf-16-le", "replace")
    return None


def _chosen(data: bytes, codec: str | None, declared: str, hints: list[str]) -> Decoded:
    utf8 = _strict(data, "utf-8")
    if utf8 is not None and codec in {None, "utf-8", "ascii"}:
        return Decoded(utf8, (GUESSED,) if declared and codec != "utf-8" else ())
    for name in [codec, *hints]:
        if name in {None, "utf-8", "ascii"} or name in WIDE or name in STATEFUL:
            continue
        text = _strict(data, name)
        if text is not None and _stands(data, text, name, utf8):
            return Decoded(text, () if name == codec else (GUESSED,))
    if utf8 is not None:
        return Decoded(utf8, (GUESSED,))
    return _mostly_utf8(data) or _guessed(data) or _unreadable(data, codec)


def _stands(data: bytes, text: str, codec: str, utf8: str | None) -> bool:
    """Whether the text in its declared charset is more credible than in any other."""
    if utf8 is not None and _is_rather_utf8(data, text, codec, utf8):
        return False
    if codec in CYRILLIC:
        own = russian(text)
        beyond = len(data) - len(data.translate(None, _BEYOND_ASCII))
        # No guess scores above 1, and of a text of some length no two charsets make Russian.
        sure = own + _CLEARLY >= 1 or (own >= _CERTAIN and beyond >= _MANY_LETTERS)
        return sure or beyond < _FEW_LETTERS or own + _CLEARLY >= _best_guess(data, without=codec)[1]
    if codec in LATIN:
        return western(text) or _best_guess(data)[1] < _AGAINST_LATIN
    return True


def _is_rather_utf8(data: bytes, text: str, codec: str, utf8: str) -> bool:
    if codec in EAST_ASIAN:
        # A few Chinese characters may be valid UTF-8 by chance, but then as two-byte letters.
        return any(sign > "\u0800" for sign in utf8) or russian(utf8) >= _CONVINCING
    if codec in CYRILLIC and russian(text) > max(russian(utf8), _CONVINCING):
        return False
    return len(_MULTIBYTE.findall(data)) > 1 or russian(utf8) >= _CONVINCING or western(utf8)


def _best_guess(data: bytes, without: str = "") -> tuple[str, float]:
    """Return the Cyrillic charset that reads best, and how well it does (see `russian`)."""
    part = _scored_part(data)
    scores = {
        name: russian(part.decode(name, "replace")) - rarity
        for name, rarity in _GUESSES.items()
        if name[:5] != without[:5]
    }
    best = max(scores, key=lambda name: scores[name])
    return best, scores[best]


def _scored_part(data: bytes) -> bytes:
    if len(data) <= _SCORED_BYTES:
        return data
    first = next(place for place, byte in enumerate(data) if byte > 0x7F)
    start = max(0, first - 100)
    return data[start : start + _SCORED_BYTES]


def _mostly_utf8(data: bytes) -> Decoded | None:
    """Read UTF-8 with few broken places; lines in another charset are read in that one."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd") - data.count(b"\xef\xbf\xbd")
    good = len(_MULTIBYTE.findall(data))
    if good < 2 or (good < 2 * broken and not _has_good_line(data)):
        return None
    lines = data.split(b"\n")
    scored = [_line(line) for line in lines[:_SCORED_LINES]]
    rest = b"\n".join(lines[_SCORED_LINES:])
    if rest:  # a long text: what its beginning has shown holds for the rest
        scored.append(_line(rest) if not any(MIXED in line.defects for line in scored) else _by_lines(rest))
    defects = {defect for line in scored for defect in line.defects}
    return Decoded("\n".join(line.text for line in scored), tuple(sorted(defects)))


def _by_lines(data: bytes) -> Decoded:
    """Read each line in UTF-8 or else in the Russian charset that fits all the others best."""
    lines = data.split(b"\n")
    others = b"\n".join(line for line in lines if _strict(line, "utf-8") is None)
    name, score = _best_guess(others) if others else ("utf-8", 0.0)
    name = name if score >= _CONVINCING else "utf-8"
    text = "\n".join(_strict(line, "utf-8") or line.decode(name, "replace") for line in lines)
    return Decoded(text, (UNREADABLE,) if "\ufffd" in text else ())


def _has_good_line(data: bytes) -> bool:
    """Whether a line beyond ASCII is sound UTF-8: then this is a mixture, not one wrong charset."""
    return any(
        len(_MULTIBYTE.findall(line)) > 2 and _strict(line, "utf-8") is not None
        for line in data.split(b"\n")
        if not line.isascii()
    )


def _line(line: bytes) -> Decoded:
    if (text := _strict(line, "utf-8")) is not None:
        return Decoded(text)
    name, score = _best_guess(line)
    text = line.decode("utf-8", "replace")
    if score >= _CONVINCING and score > russian(text):
        return Decoded(line.decode(name, "replace"), (MIXED,))
    return Decoded(text, (UNREADABLE,))


def _guessed(data: bytes) -> Decoded | None:
    name, score = _best_guess(data)
    if score >= _CONVINCING:
        text = data.decode(name, "replace")
        return Decoded(text, (GUESSED, UNREADABLE) if "\ufffd" in text else (GUESSED,))
    text = _strict(data, "cp1252") or ""
    return Decoded(text, (GUESSED,)) if text and western(text) else None


def _unreadable(data: bytes, codec: str | None) -> Decoded:
    name = "utf-8" if codec in {None, "ascii"} or codec in WIDE or codec in STATEFUL else codec
    text = data.decode(name or "utf-8", "replace")
    return Decoded(text, (UNREADABLE,) if "\ufffd" in text else (GUESSED, UNREADABLE))


def _strict(data: bytes, codec: str | None) -> str | None:
    try:
        text = data.decode(codec or "ascii")
        text.encode("utf-8")
    except UnicodeError:
        return None
    return text


# What UTF-8 lead and continuation bytes look like when read as windows-1251 or windows-1252.
_TRAIL_1251 = "\u0098\u00a0-\u00bfЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—™љ›њќћџЎўЈҐЁЄЇІіґёєјЅѕї№"
_TRAIL_1252 = "\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_PAIR_1251 = f"(?:[ВГРСТУФ][{_TRAIL_1251}]|[вВ][{_TRAIL_1251}]{{2}}|р[{_TRAIL_1251}]{{3}})"
_PAIR_1252 = f"(?:[Â-ß][{_TRAIL_1252}]|[à-ï][{_TRAIL_1252}]{{2}}|ð[{_TRAIL_1252}]{{3}})"
# (what cannot be chance, what is undone then, the charset it was taken for)
_DOUBLED = (
    (re.compile(_PAIR_1251 + "{3}"), re.compile(_PAIR_1251 + "+"), "cp1251"),
    (re.compile(f"{_PAIR_1252}(?s:.){{0,2000}}?{_PAIR_1252}"), re.compile(_PAIR_1252 + "+"), "cp1252"),
)
# Looked for first, in the characters beyond ASCII alone: a look at every character would cost a tenth of all reading.
_MAYBE_DOUBLED = re.compile(f"{_PAIR_1251}|{_PAIR_1252}")
_ASCII = bytes(range(0x80))
_C1 = "".join(map(chr, range(0x80, 0xC0)))
_SEARCHED = 20_000


def undouble(text: str) -> str:
    """Return the text with UTF-8 undone that somebody took for windows-1251 or windows-1252, else the text itself."""
    dense = text[:_SEARCHED].encode("utf-8", "replace").translate(None, _ASCII).decode("utf-8")
    if not _MAYBE_DOUBLED.search(dense):
        return text
    for sure, run, codec in _DOUBLED:
        if sure.search(text, 0, _SEARCHED):
            repaired = run.sub(partial(_undoubled, codec), text)
            if repaired != text and (russian(repaired) > russian(text) or western(repaired)):
                return repaired
    return text


def _undoubled(codec: str, run: re.Match[str]) -> str:
    try:
        return run.group().translate(_BYTES[codec]).encode("latin-1").decode("utf-8")
    except UnicodeError:
        return run.group()


def _byte_of(sign: str, codec: str) -> int | None:
    """Return the byte of a character; a byte that the charset leaves open may come as C1 control."""
    try:
        return sign.encode(codec)[0]
    except UnicodeEncodeError:
        return ord(sign) if "\x80" <= sign <= "\xbf" else None


_BYTES = {
    codec: {ord(sign): _byte_of(sign, codec) for sign in {*bytes(range(0x80, 0x100)).decode(codec, "ignore"), *_C1}}
    for codec in ("cp1251", "cp1252")
}
