"""Words and domains that belong to networks and to the language, not to people."""

import ast
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from mailbridge.registry import parser_types
from mailbridge.sdk.morphology import russian

_WORD = re.compile(r"[^\W\d_]+")
_DOMAIN = re.compile(r"(?<![\w.-])(?:[a-z0-9-]+\.)+[a-z]{2,10}(?![\w-])")
_NAMES = frozenset({"Name", "Surn", "Patr", "Geox", "Orgn", "Trad", "Init"})
_TOPS = frozenset({"com", "ru", "net", "org", "io", "me", "su", "ws", "cc", "co", "company", "be", "ly", "link", "app"})
_WORDS = """
the this that these there you your yours we our us it its is are was were a an and or if to from for with by on
at in of not no yes hello hi dear thank thanks please regards sincerely best new view open reply click here see
all more about how what when who why re fwd fw mr mrs ms monday tuesday wednesday thursday friday saturday
sunday january february march april may june july august september october november december jan feb mar apr jun
jul aug sep oct nov dec mon tue wed thu fri sat sun www http https html text plain utf mail email smtp esmtp
esmtps lmtp tls gmt utc msk pst est и в во не на с со к ко по за от до из у о об для это этот эта эти вы ваш
ваша ваше ваши вас вам мы наш нас нам он она они да нет как что кто где когда здравствуйте добрый день вечер
утро уважаемый уважаемая уважаемые спасибо пожалуйста понедельник вторник среда четверг пятница суббота
воскресенье января февраля марта апреля мая июня июля августа сентября октября ноября декабря новый новая новое
новые
"""
COMMON = frozenset(_WORDS.split())


@cache
def known_words() -> frozenset[str]:
    """Return what the parsers themselves look for, folded, and the commonest words of letters."""
    found = set(COMMON)
    for text in _constants():
        found.update(word.casefold() for word in _WORD.findall(text))
    return frozenset(found)


@cache
def known_domains() -> frozenset[str]:
    """Return the domains that parsers know: of networks, form services and mail providers."""
    texts = "\n".join(_constants()).replace("\\.", ".")
    found = {one for one in _DOMAIN.findall(texts) if one.rpartition(".")[2] in _TOPS}
    for kind in parser_types().values():
        found.update(kind.manifest.domains)
    return frozenset(one for one in found if not one.endswith(".example"))


def is_of_a_network_by_name(domain: str) -> bool:
    """Whether a domain is called after a network, such as that of its pictures."""
    label = domain.rpartition(".")[0].rpartition(".")[2]
    named = any(len(name) > 4 and name in label for name in parser_types())
    return named or ("cdn" in label and label in known_words())


@cache
def is_common_russian(word: str) -> bool:
    """Whether a Russian word is one of the language, and none that people or places are called by."""
    parses = russian().parse(word)
    return all(parse.is_known and not _NAMES.intersection(parse.tag.grammemes) for parse in parses)


def is_of_a_network(address: str) -> bool:
    """Whether an e-mail address belongs to a domain that parsers know."""
    host = address.rpartition("@")[2]
    return any(host == domain or host.endswith("." + domain) for domain in known_domains())


@cache
def _constants() -> tuple[str, ...]:
    """Return all texts in the code of the parsers and of what they import; no comments, no documentation."""
    packages = {"mailbridge.sdk", *(kind.__module__.partition(".")[0] for kind in parser_types().values())}
    found: list[str] = []
    for package in sorted(packages):
        spec = find_spec(package)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            for file in sorted(Path(place).rglob("*.py")):
                found += _texts(file.read_text(encoding="utf-8"))
    return tuple(found)


def _texts(source: str) -> list[str]:
    tree = ast.parse(source)
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation
    ]
