"""Header fields with everything personal exchanged; folds, order and encodings of words stay."""

import base64
import binascii
import re
from urllib.parse import quote, unquote_to_bytes

from mailbridge.mailbox.charset import to_text
from mailbridge.mailbox.charset_names import codec_of
from mailbridge.mailbox.headers_words import decode_words
from mailbridge.testing.anonymise.text import Rewriter

_FIELD = re.compile(rb"([!-9;-~]+)([ \t]*:)((?:[^\r\n]*(?:\r?\n[ \t]+)?)*)", re.DOTALL)
_FIELDS = re.compile(rb"(?:\A|(?<=\n))(?=[!-9;-~]+[ \t]*:)")
_RUN = re.compile(r"=\?[^?\s]+\?[bBqQ]\?[^?]*\?=(?:[ \t]*(?:\r?\n[ \t]+)?=\?[^?\s]+\?[bBqQ]\?[^?]*\?=)*")
_WORD = re.compile(r"=\?([^?\s]+)\?([bBqQ])\?([^?]*)\?=")
_EXTENDED = re.compile(r"([\w-]+\*(?:\d+\*)?)=([\w-]*)'([\w-]*)'([^;\s]*)")
_UNTOUCHED = frozenset(
    b"date mime-version content-transfer-encoding content-language auto-submitted precedence".split()
)
_TYPES = frozenset([b"content-type", b"content-disposition"])
_NAMES = re.compile(r"((?:file)?name=)(\"[^\"]*\"|[^;\s]+)", re.IGNORECASE)
_LONGEST = 45
_PROPERTY = re.compile(r"(?:header|smtp|policy)\.\w+")


def rewrite_head(head: bytes, rewriter: Rewriter) -> bytes:
    """Return the head of a mail or part."""
    return b"".join(_field(field, rewriter) for field in _FIELDS.split(head))


def _field(field: bytes, rewriter: Rewriter) -> bytes:
    name, colon, value = field.partition(b":")
    key = name.strip().lower()
    if not colon or key in _UNTOUCHED:
        return field
    text, codec = _text_of(value)
    if key in _TYPES:
        text_ = _EXTENDED.sub(lambda found: _extended(found, rewriter), text)
        fresh = _NAMES.sub(lambda found: found[1] + _words(found[2], rewriter), text_)
    elif key == b"authentication-results" or key.startswith(b"arc-authentication"):
        fresh = _verdicts(text, rewriter)
    else:
        fresh = _words(text, rewriter)
    return field if fresh == text else name + colon + fresh.encode(codec, "xmlcharrefreplace")


def _text_of(value: bytes) -> tuple[str, str]:
    text = to_text(value).text
    for codec in ("utf-8", "cp1251", "koi8-r", "latin-1"):
        try:
            if value.decode(codec) == text:
                return text, codec
        except UnicodeDecodeError:
            continue
    return value.decode("latin-1"), "latin-1"


def _verdicts(text: str, rewriter: Rewriter) -> str:
    """Results keep their words and the domains that stand for the sender; only names and numbers are exchanged."""
    return re.sub(
        r"(?:[\w.+=-]*@)?(?:[\w-]+\.)+[\w-]{2,}|\b[A-Za-z0-9+/=]{16,}\b",
        lambda found: (
            rewriter.text(found[0]) if not re.fullmatch(r"(?:header|smtp|policy)\.\w+", found[0]) else found[0]
        ),
        text,
    )


def _words(text: str, rewriter: Rewriter) -> str:
    """Rewrite a field body; a run of encoded words is decoded, rewritten and encoded anew, the rest line by line."""
    fresh, place = [], 0
    for run in _RUN.finditer(text):
        fresh += [rewriter.text(text[place : run.start()]), _run(run[0], rewriter)]
        place = run.end()
    return "".join([*fresh, rewriter.text(text[place:])])


def _run(run: str, rewriter: Rewriter) -> str:
    text = decode_words(run, [])
    fresh = rewriter.text(text)
    if fresh == text:
        return run
    first = _WORD.match(run)
    charset, encoding = (first[1], first[2]) if first else ("utf-8", "B")
    codec = codec_of(charset.partition("*")[0]) or "utf-8"
    try:
        fresh.encode(codec)
    except UnicodeEncodeError:
        charset = codec = "utf-8"  # the declared charset never held these letters
    pieces = _pieces(fresh, codec, is_torn=any(map(_is_torn, _WORD.finditer(run))))
    fold = next(iter(re.findall(r"\?=([ \t]*\r?\n[ \t]+|[ \t]+)=\?", run)), "\n " if "\r" not in run else "\r\n ")
    return fold.join(f"=?{charset}?{encoding}?{_packed(piece, encoding)}?=" for piece in pieces)


def _is_torn(word: re.Match[str]) -> bool:
    """Whether an encoded word ends inside a letter, as careless programs make them."""
    try:
        return word[2] in "bB" and not _ends_letter(base64.b64decode(word[3]), codec_of(word[1]) or "utf-8")
    except ValueError:  # no base64, or not even ASCII
        return False


def _pieces(text: str, codec: str, *, is_torn: bool) -> list[bytes]:
    """Cut a text for encoded words: between letters, or inside of one where the original did so."""
    step = _LONGEST // 3
    if not is_torn:
        return [text[at : at + step].encode(codec) for at in range(0, len(text), step)]
    data = text.encode(codec)
    cut = next((at for at in range(step, len(data)) if not _ends_letter(data[:at], codec)), step)
    return [data[:cut], *(data[at : at + 2 * step] for at in range(cut, len(data), 2 * step))]


def _ends_letter(data: bytes, codec: str) -> bool:
    try:
        data.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _packed(data: bytes, encoding: str) -> str:
    if encoding in "bB":
        return base64.b64encode(data).decode("ascii")
    packed = binascii.b2a_qp(data, header=True, quotetabs=True).decode("ascii").replace("=\n", "")
    return re.sub(r"[?,()<>@:;\"/\[\]]", lambda found: f"={ord(found[0]):02X}", packed)


def _extended(found: re.Match[str], rewriter: Rewriter) -> str:
    name, charset, language, value = found.groups()
    codec = codec_of(charset) or "utf-8"
    text = unquote_to_bytes(value).decode(codec, "replace")
    return f"{name}={charset}'{language}'{quote(rewriter.text(text).encode(codec, 'replace'), safe='')}"
