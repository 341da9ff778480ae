"""Plain text: what may stand in a field of an interest."""

import re
import unicodedata

_BREAKS = re.compile(r"\r\n?|[\u2028\u2029\x0b\x0c\x85]")
# C0 and C1 controls except \n and \t; bidi marks, embeddings and isolates; zero-width characters; byte order mark;
# interlinear annotations, tags, soft hyphen; lone surrogates that no encoder takes.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e"
    "\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
# A zero-width joiner has a meaning only inside an emoji sequence.
_EMOJI = "\u2190-\u2bff\ufe0f\U0001f000-\U0001faff"
_LONE_JOINER = re.compile(f"(?<![{_EMOJI}])\u200d|\u200d(?![{_EMOJI}])")
_BLANK_LETTERS = "\u034f\u115f\u1160\u17b4\u17b5"
"""Of the unseen characters those that Python counts as printable."""
_FOLDS = {ord(sign): " " for sign in "\r\n\t"}
_SPACES = re.compile(r"[^\S\n]+")
_MANY_BREAKS = re.compile(r"\n{3,}")

_MOST_MARKS = 30
"""On one letter; as in UAX #15 §13: putting more of them into their order costs the square of their number."""
_MANY_MARKS = re.compile(r"[^\w\s\x00-\u02ff]{31}")
"""What may be too many; other signs than marks are looked at one by one."""
_MAY_BE_MARK = re.compile(
    "[^\x00-\u02ff\u0370-\u0482\u048a-\u0590\u2000-\u20cf\u2100-\u2cee\u2e00-\u3029\u3400-\ua66e\uac00-\ufb1d"
    "\U0001f000-\U0001faff]"
)
"""Outside of what nearly every text consists of, where no character is a mark; several times quicker to look for."""


def few_marks(value: str) -> str:
    """Return the text with at most 30 combining marks on a letter, so that it can be normalised in linear time."""
    if value.isascii() or not _MAY_BE_MARK.search(value) or not _MANY_MARKS.search(value):
        return value
    kept, run = [], 0
    for char in value:
        run = run + 1 if char > "\u02ff" and unicodedata.combining(char) else 0
        if run <= _MOST_MARKS:
            kept.append(char)
    return "".join(kept)


def seen(value: str) -> str:
    """Return the text without characters that nobody sees, its accents composed (Unicode NFC)."""
    if value.isascii():
        return value
    if not _is_printable(value.replace("\n", " ")):
        value = _UNSEEN.sub("", value)
        if "\u200d" in value:
            value = _LONE_JOINER.sub("", value)
    value = few_marks(value)
    return value if unicodedata.is_normalized("NFC", value) else unicodedata.normalize("NFC", value)


def clean(value: str) -> str:
    """Return the text without control, bidi and zero-width characters, line ends as LF, blank ends cut."""
    if not _is_printable(value.replace("\n", " ")):  # else there is nothing to clean, as in most strings
        value = _UNSEEN.sub("", _BREAKS.sub("\n", value))
        if "\u200d" in value:
            value = _LONE_JOINER.sub("", value)
    return "\n".join(line.rstrip() for line in value.split("\n")).strip()


def one_line(value: str) -> str:
    """Return the cleaned text with every run of white space as one blank."""
    flat = value if value.isprintable() else value.translate(_FOLDS)
    return " ".join((flat if _is_printable(flat) else clean(value)).split())


def _is_printable(value: str) -> bool:
    return value.isprintable() and (value.isascii() or not any(sign in value for sign in _BLANK_LETTERS))


def paragraphs(value: str) -> str:
    """Return the cleaned text with blanks folded in each line and at most one empty line in a row."""
    lines = (_SPACES.sub(" ", line).strip() for line in clean(value).split("\n"))
    return _MANY_BREAKS.sub("\n\n", "\n".join(lines)).strip()


def cut(value: str, length: int) -> str:
    """Return at most `length` characters, ending with an ellipsis when something was cut."""
    return value if len(value) <= length else value[: max(0, length - 1)].rstrip() + "…"


def fold(value: str) -> str:
    """Return the text for comparison: NFKC, case folded, ё as е, white space single."""
    if value.isascii() and value.isprintable():
        return " ".join(value.lower().split())
    return " ".join(unicodedata.normalize("NFKC", few_marks(clean(value))).casefold().replace("ё", "е").split())
