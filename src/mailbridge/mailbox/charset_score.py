"""How much a decoded text looks like Russian, or like a Western language: for charsets that are missing or wrong."""

import re
from functools import lru_cache
from itertools import pairwise

_WORD = re.compile(r"[^\W\d_]+")
_BEYOND_PLAIN = re.compile(r"[^\x00-\x7fА-яЁё]")
_HIGH = re.compile(r"[^\x00-\x7f]")
_SAMPLE = 1500
_BEFORE = 20
_AFTER = 200
"""Characters beyond ASCII that are looked at; more change no verdict."""

# The commonest pairs of letters in Russian text; they make up about two thirds of it.
_COMMON = frozenset(
    "ст но то на ен ов ни ра во ко ос ал ер ре ть ет от ро ли по пр ка ан не го ри ел ол ны ва ог ор ат та ль ом ло ле "  # noqa: SIM905
    "де мо до ин ск тр ас ес ла ис да че об ит ти за те ся ег ве ме со од ем ам им ак ки ви тв ми ей ий ый ая ое ые ие "
    "их ых ую юю му ма ла лу ру ку бы был ли ль ля жн же жа ши ча чи чт ич из ид иц ил ир ед ек еш еж ещ её ёт ён ём "
    "св сп сл сн см сс сь се си са су сд сю ся уд уж уз ук ул ум ун уп ус ут уч уш ущ хо хн це ци дн др ди ду дл ды до "
    "бо бе ба би бу бр бл вс вы вн вр вл ву вд гр ги га гд зд зн зв зо на нн нт ня нь ну он оп ож оч ош ощ ой ою оз ох "
    "па пе пи пу пл пы рт рн рм ря ры рс рх рд рк та ту ты тн тс уб ув уг аб ав аг ад аж аз аи ай ап ар ац ач аш ащ ая "
    "ах ею яв яд яе яз як ял ян яс ят ях яч эт эк юб юд юр ют юч юс щи ще фо фи фе ри рв шк шл шн ше жи жд ые ыв ыл ым "
    "ын ыт ыш ьн ьс ьш ья ью ье ъе ъя кт кл кр кн км лк лн лж ля лю ют ми мн мы мя".split()
)
_NEVER = re.compile(
    r"\b[ьъы]|[аеёиоуыэюяьъй][ьъы](?<!ей)|[жшчщ]ы|[чщ][яю]|[гкхжшчщ]ъ|[ъ][^еёюя]|ёё|ээ|юю(?!\b)|йй|щщ|фф\B[фщ]"
)
_PLAIN_CYRILLIC = re.compile("[а-яё]")
_OTHER_CYRILLIC = frozenset("іїєґўәғқңөұүһ")
_RARE_CYRILLIC = frozenset("ђѓљњћќџѕјѐѝ")
_FLIPPED = re.compile(r"[а-яё][А-ЯЁ]")
_QUIET = frozenset("«»—–№…“”„’‘•\u00a0°§©®™€±×−→·₽\ufeff\u2009\u202f")
_WESTERN = frozenset("äöüßéèêëàâáãåçñõôóòíìîïúùûøæœšžýÄÖÜÉÈÊÀÂÁÃÅÇÑÕÔÓÍÎÚØÆŒŠŽ¿¡ªº´¨")


def russian(text: str) -> float:
    """Return about 0.7 for Russian text, about 0 for letters thrown together, below 0 for a wrong charset."""
    high = _sample(text)
    if not high:
        return 0.0
    points = 0.0
    letters = 0
    for word in _WORD.findall(high):
        if not word.isascii():
            beyond = len(word) - len(word.encode("ascii", "ignore"))
            letters += beyond
            points += _word_points(word, beyond)
    others = [sign for sign in _BEYOND_PLAIN.findall(high) if not sign.isalpha()]
    points += sum(_sign_points(sign) for sign in others)
    return points / (letters + len([sign for sign in others if sign not in _QUIET]) or 1)


def western(text: str) -> bool:
    """Whether the characters beyond ASCII stand as in a Latin script: single letters among plain ones."""
    high = _sample(text)
    signs = _HIGH.findall(high)
    if any("\x80" <= sign <= "\x9f" for sign in signs):
        return False
    odd = sum(sign not in _WESTERN and sign not in _QUIET for sign in signs)
    words = [word for word in _WORD.findall(high) if _HIGH.search(word)]
    dense = sum(len(_HIGH.findall(word)) * 2 > len(word) and len(word) > 1 for word in words)
    return odd * 4 <= len(signs) and dense * 3 <= len(words)


def _sample(text: str) -> str:
    """Return the surroundings of the first characters beyond ASCII, up to a limit."""
    if len(text) <= _SAMPLE:
        return text
    kept: list[str] = []
    room = _SAMPLE
    place = 0
    while room > 0 and (found := _HIGH.search(text, place)):
        start = max(place, found.start() - _BEFORE)
        place = found.start() + _AFTER
        kept.append(text[start:place])
        room -= place - start
    return "\n".join(kept)


@lru_cache(maxsize=8192)  # mails of one sender say the same words again and again
def _word_points(word: str, beyond: int) -> float:
    if beyond != len(word):
        return -1.5 * beyond
    small = word.lower()
    if not _PLAIN_CYRILLIC.search(small):
        return -0.2 * beyond
    if len(small) == 1:
        return 0.5 if small in "авикосуя" else -0.3
    points = 1.0 * sum(first + second in _COMMON for first, second in pairwise(small)) * len(small) / (len(small) - 1)
    points -= 3.0 * len(_NEVER.findall(small)) + 3.0 * len(_FLIPPED.findall(word))
    points -= 2.0 * sum(sign in _RARE_CYRILLIC for sign in small)
    return points + 0.3 * sum(sign in _OTHER_CYRILLIC for sign in small)


def _sign_points(sign: str) -> float:
    if sign in _QUIET:
        return 0.0
    if "\x80" <= sign <= "\x9f" or sign == "\ufffd":
        return -4.0
    if "\u2500" <= sign <= "\u259f":
        return -2.0
    return -1.0 if sign < "\u2190" else 0.0
