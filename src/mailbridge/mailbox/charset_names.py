"""Names of charsets as mails write them, and the codecs that may be used."""

import re
from functools import lru_cache

_NOT_NAME = re.compile(r"[^a-z0-9]+")

# Codecs that read more than their label says and never less (WHATWG Encoding, "labels").
_CODECS = {
    "utf8": "utf-8",
    "unicode11utf8": "utf-8",
    "csutf8": "utf-8",
    "utf16": "utf-16",
    "utf16le": "utf-16-le",
    "utf16be": "utf-16-be",
    "ucs2": "utf-16",
    "utf32": "utf-32",
    "ascii": "ascii",
    "usascii": "ascii",
    "ansix341968": "ascii",
    "iso646us": "ascii",
    "latin1": "cp1252",
    "iso88591": "cp1252",
    "iso8859115": "iso8859-15",
    "latin9": "iso8859-15",
    "iso88599": "cp1254",
    "latin2": "iso8859-2",
    "latin5": "cp1254",
    "koi8r": "koi8-r",
    "koi8": "koi8-r",
    "cskoi8r": "koi8-r",
    "koi8u": "koi8-u",
    "koi8ru": "koi8-u",
    "ibm866": "cp866",
    "dos866": "cp866",
    "xcp866": "cp866",
    "maccyrillic": "mac-cyrillic",
    "xmaccyrillic": "mac-cyrillic",
    "macintosh": "mac-roman",
    "macroman": "mac-roman",
    "cyrillic": "iso8859-5",
    "greek": "iso8859-7",
    "hebrew": "iso8859-8",
    "arabic": "iso8859-6",
    "tis620": "cp874",
    "iso885911": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "xgbk": "gb18030",
    "gb18030": "gb18030",
    "hzgb2312": "hz",
    "big5": "big5hkscs",
    "big5hkscs": "big5hkscs",
    "cp950": "cp950",
    "shiftjis": "cp932",
    "sjis": "cp932",
    "xsjis": "cp932",
    "mskanji": "cp932",
    "windows31j": "cp932",
    "cp932": "cp932",
    "eucjp": "euc-jp",
    "xeucjp": "euc-jp",
    "iso2022jp": "iso2022_jp_2",
    "iso2022jp1": "iso2022_jp_2",
    "iso2022jp2": "iso2022_jp_2",
    "iso2022jpms": "iso2022_jp_ext",
    "cp50220": "iso2022_jp_ext",
    "euckr": "cp949",
    "ksc56011987": "cp949",
    "ksc5601": "cp949",
    "cp949": "cp949",
    "uhc": "cp949",
    "iso2022kr": "iso2022_kr",
    "tcvn": "cp1258",
    **{f"iso8859{number}": f"iso8859-{number}" for number in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)},
    **{
        f"{prefix}{number}": f"cp{number}"
        for prefix in ("windows", "win", "cp", "xcp", "ms", "mswin", "")
        for number in (874, 1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258)
    },
    **{f"cp{number}": f"cp{number}" for number in (437, 850, 852, 855, 866)},
    **{f"ibm{number}": f"cp{number}" for number in (437, 850, 852, 855)},
}
# Logical Hebrew and Arabic carry a suffix that says nothing about the bytes.
_CODECS |= {"iso88598i": "iso8859-8", "iso88598e": "iso8859-8", "iso88596i": "iso8859-6", "iso88596e": "iso8859-6"}

STATEFUL = frozenset(["hz", "iso2022_jp_2", "iso2022_jp_ext", "iso2022_kr"])
WIDE = frozenset(["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
LATIN = frozenset(
    ["cp1252", "cp1250", "cp1254", "cp1257", "cp1258", "cp437", "cp850", "cp852", "mac-roman"]
    + [f"iso8859-{number}" for number in (2, 3, 4, 10, 13, 14, 15, 16)]
)
CYRILLIC = frozenset(["cp1251", "koi8-r", "koi8-u", "cp866", "cp855", "iso8859-5", "mac-cyrillic"])
EAST_ASIAN = frozenset(["gb18030", "big5hkscs", "cp950", "cp932", "euc-jp", "cp949"])


@lru_cache(maxsize=32)
def codec_of(name: str) -> str | None:
    """Return the codec for a charset name as sent, None when it is unknown or would turn text into other text.

    Blanks and doubled names are forgiven: "UTF - 8", "utf-8, utf-8", "*utf-8''x". Not among the codecs are those that
    are no charsets (zlib, hex), that read ASCII as something else (utf-7, unicode_escape), and idna.
    """
    name = name.strip().strip("\"'").lower().removeprefix("*").partition("''")[0]
    whole = _NOT_NAME.sub("", name)
    first = _NOT_NAME.sub("", re.split(r"[,;]", name, maxsplit=1)[0])
    for squeezed in (whole, first):
        if squeezed in _CODECS:
            return _CODECS[squeezed]
    return "utf-8" if whole.startswith("utf8") else None
