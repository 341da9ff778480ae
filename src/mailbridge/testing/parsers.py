"""The conformance kit for parsers: a pytest class that every parser must pass.

A parser's test file subclasses `ParserSuite` and names the parser and the folder of its fixtures, each a folder with
`mail.eml` and `expected.json` (see `mailbridge.testing.fixtures`):

    class TestAcme(ParserSuite):
        def make_parser(self): return AcmeParser()
        def fixtures(self): return list(cases(Path(__file__).parent / "mails"))
"""

import ast
import dataclasses
import inspect
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from mailbridge.mailbox.decode import Undecodable, decode
from mailbridge.pipeline.parsing import TrustRules, read_mail
from mailbridge.pipeline.routing import Router
from mailbridge.registry import make_parsers
from mailbridge.sdk import Address, Mail, ParseError, Parser, Route, Strength, Trust, fold
from mailbridge.testing.fixtures import Case, cases
from mailbridge.testing.variants import draft_of, is_rebuildable, mutilated, padded

_CLOCKS = frozenset(["now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter", "localtime", "gmtime"])
_CLOCK_OWNERS = frozenset(["datetime", "date", "time"])
_LONGEST_S = 2.0
_PADDING_LINES = ("и ещё одно слово", "a", "Имя: Пётр Чужой")
_BOILERPLATE_LENGTH = 20


class ParserSuite:
    """The rules. They need no network; each looks at every fixture of the parser.

    Attributes:
        longest_s: CPU seconds that one mail of a mebibyte may take.
    """

    longest_s: float = _LONGEST_S

    def make_parser(self) -> Parser:
        """Return the parser, set up as it usually is."""
        raise NotImplementedError

    def fixtures(self) -> Sequence[Case]:
        """Return the fixtures: those that this parser reads, and near misses that it must leave to others."""
        return list(cases())

    def own(self) -> list[Case]:
        """Return the fixtures that this parser reads."""
        name = self.make_parser().manifest.name
        return [case for case in self.fixtures() if case.expected.get("parser") == name]

    def test_p01_every_route_has_a_mail_that_it_takes(self) -> None:
        """A route that no fixture takes is a guess."""
        mails = [decode(case.raw) for case in self.own()]
        idle = [route.name for route in self.make_parser().routes if not any(map(route.holds, mails))]
        assert not idle, f"no fixture is taken by {idle}"

    def test_p01_every_route_has_a_near_miss(self) -> None:
        """A sender of a domain that only looks alike, or the mail without what the route goes by, is left alone."""
        mails = [decode(case.raw) for case in self.own()]
        for route in self.make_parser().routes:
            if route.strength is Strength.FALLBACK:
                continue
            taken = [mail for mail in mails if route.holds(mail)]
            wrong = [near.sender.email for mail in taken for near in _near_misses(mail, route) if route.holds(near)]
            assert not wrong, f"{route.name} takes {wrong[0] or 'a mail without anything in it'}"

    def test_p01_no_mail_is_claimed_by_two(self) -> None:
        """Every fixture has one reader; a router asks parsers by name, so their order can't matter."""
        own = self.make_parser()
        router = Router([own, *(parser for parser in _installed() if parser.manifest.name != own.manifest.name)])
        shared = {case.name: rivals for case in self.fixtures() if (rivals := _rivals(router, _decoded(case)))}
        assert not shared

    def test_p02_the_same_mail_twice_gives_equal_interests(self) -> None:
        """Nothing is kept between two mails, not even by the parser's own objects."""
        parser = self.make_parser()
        first = [_result(parser, case.raw) for case in self.own()]
        again = [_result(self.make_parser(), case.raw) for case in reversed(self.own())]
        assert first == again[::-1]

    def test_p03_no_file_and_no_network_is_opened(self) -> None:
        """Whatever a mail says, reading it opens nothing (what is loaded once may be loaded before)."""
        parser = self.make_parser()
        mails = [_decoded(case) for case in self.own()]
        for mail in mails:
            _parsed(parser, mail)
        for case, mail in zip(self.own(), mails, strict=True):
            with _watched() as opened:
                _parsed(parser, dataclasses.replace(mail))
            assert not opened, f"{case.name}: {opened[0]}"

    def test_p03_no_clock_is_asked(self) -> None:
        """The modules of the parser call no clock: a replayed fixture is a test for ever."""
        found = [
            f"{name}:{node.lineno}"
            for name, source in _sources_of(self.make_parser())
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Call) and _asks_a_clock(node.func)
        ]
        assert not found, f"a clock is asked in {found}"

    def test_p04_mutilated_mails_raise_parse_errors_and_nothing_else(self) -> None:
        """Parts dropped, the mail cut, charsets exchanged: interests, Ignored or ParseError; never an author anew."""
        parser = self.make_parser()
        for case in self.own():
            for how, raw in mutilated(case.raw):
                try:
                    mail = decode(raw)
                except Undecodable:
                    continue
                try:
                    _parsed(parser, mail)
                except Exception as error:
                    raise AssertionError(f"{case.name} {how}: {error!r}") from error

    def test_p05_a_forged_sender_is_not_believed(self) -> None:
        """Without authentication a parser that requires trust reads nothing, and the others say that nobody vouches."""
        parser = self.make_parser()
        router = Router([parser])
        for case in self.own():
            mail = dataclasses.replace(_decoded(case), trust=Trust("fail", "dmarc"))
            reading = read_mail(mail, router, TrustRules())
            if parser.manifest.trust == "require":
                assert reading.outcome == "quarantined", f"{case.name}: {reading.outcome}"
            for interest in reading.interests:
                assert interest.mail.trust.verdict == "fail", f"{case.name}: the card does not tell of the forgery"

    def test_p05_a_display_name_is_no_proof(self) -> None:
        """The name of the network over a stranger's address goes to quarantine."""
        parser = self.make_parser()
        for case, name in ((case, name) for case in self.own() for name in parser.manifest.guarded_names):
            mail = dataclasses.replace(_decoded(case), senders=(Address(name, "somebody@stranger.example"),))
            reading = read_mail(mail, Router([parser]), TrustRules(override="require"))
            assert reading.outcome == "quarantined", f"{case.name} as {name!r}: {reading.outcome}"

    def test_p06_a_mebibyte_is_read_in_time(self) -> None:
        """The longest fixture, filled up with lines of several kinds."""
        parser = self.make_parser()
        whole = [case.raw for case in self.own() if is_rebuildable(case.raw)]
        for line in _PADDING_LINES if whole else ():
            try:
                mail = decode(padded(draft_of(max(whole, key=len)), line).raw())
            except Undecodable:
                continue  # beyond the limits: no parser sees it
            began = time.process_time()
            _parsed(parser, mail)
            took = time.process_time() - began
            assert took <= self.longest_s, f"{took:.2f} s CPU for a mebibyte of {line!r}"

    def test_p07_no_boilerplate_is_in_the_text(self) -> None:
        """A line of one interest's text that stands in another mail outside its text is the template's."""
        shown = [(case, _lines(_decoded(case).words), text) for case in self.own() if (text := self.text_of(case))]
        for case, _, text in shown:
            for other, lines, other_text in shown:
                leaked = [line for line in _lines(text) & lines if line not in other_text]
                assert not leaked, f"{case.name}: {leaked[0]!r} is boilerplate in {other.name}"

    def text_of(self, case: Case) -> str:
        """Return all texts of the interests of a mail, each line folded; "" when there are none."""
        result = _parsed(self.make_parser(), _decoded(case))
        return "\n".join(fold(line) for one in result for line in (one.text or "").split("\n")) if _read(result) else ""


def _read(result: object) -> bool:
    return isinstance(result, Sequence) and not isinstance(result, str)


def _lines(text: str) -> set[str]:
    folded = map(fold, text.split("\n"))
    return {line for line in folded if len(line) >= _BOILERPLATE_LENGTH and any(map(str.isalpha, line))}


@cache
def _installed() -> tuple[Parser, ...]:
    return tuple(make_parsers())


def _decoded(case: Case) -> Mail:
    return decode(case.raw)


def _parsed(parser: Parser, mail: Mail) -> Any:
    """Return what the parser makes of a mail, its reason when it can't be read."""
    try:
        return parser.parse(mail)
    except ParseError as error:
        return error.reason


def _result(parser: Parser, raw: bytes) -> Any:
    result = _parsed(parser, decode(raw))
    return [one.to_json() for one in result] if _read(result) else result


def _rivals(router: Router, mail: Mail) -> str:
    """Return which parsers claim a mail equally strongly, "" when one alone does."""
    try:
        router.choose(mail, router.candidates(mail))
    except ParseError as error:
        return error.detail if error.reason == "ambiguous_route" else ""
    return ""


def _near_misses(mail: Mail, route: Route) -> Iterator[Mail]:
    """Yield the mail from domains that look alike, and without anything but its sender."""
    if route.senders:
        for domain in _own_domains(route):
            for alike in (f"{mail.sender.email.partition('@')[0]}@x{domain}", f"noreply@{domain}.example"):
                yield dataclasses.replace(mail, senders=(Address(mail.sender.name, alike),))
    else:
        bare = dataclasses.replace(mail, headers=type(mail.headers)(), subject="Hello", text="Hello", html_source="")
        yield dataclasses.replace(
            bare, senders=(Address("Anna", "anna@mail.example"),), reply_to=(), attachments=(), inner=()
        )


def _own_domains(route: Route) -> set[str]:
    """The domains of a route, without those below another of them."""
    domains = {sender.rpartition("@")[2] for sender in route.senders}
    return {one for one in domains if not any(one.endswith("." + other) for other in domains)}


_watching: list[str] | None = None


def _note(event: str, args: tuple[object, ...]) -> None:
    if _watching is not None and event.partition(".")[0] in {"open", "socket", "subprocess", "os"}:
        _watching.append(f"{event} {args[:1]}")


@cache
def _listen() -> None:
    sys.addaudithook(_note)  # stays for the life of the process, and notes only while `_watched`


@contextmanager
def _watched() -> Iterator[list[str]]:
    global _watching  # noqa: PLW0603 - an audit hook can't be removed, only told to look away
    _listen()
    opened: list[str] = []
    _watching = opened
    try:
        yield opened
    finally:
        _watching = None


def _sources_of(parser: Parser) -> Iterable[tuple[str, str]]:
    module = sys.modules[type(parser).__module__]
    package = module.__name__ if hasattr(module, "__path__") else module.__package__ or ""
    is_alone = package.count(".") == 0  # one of several parsers in a package: its neighbours answer for themselves
    inside = [name for name in sys.modules if name.startswith(package + ".")]
    for name in sorted({module.__name__, *([] if is_alone else inside)}):
        yield name, inspect.getsource(sys.modules[name])


def _asks_a_clock(function: ast.expr) -> bool:
    if not isinstance(function, ast.Attribute) or function.attr not in _CLOCKS:
        return False
    owner = function.value
    return (isinstance(owner, ast.Name) and owner.id in _CLOCK_OWNERS) or (
        isinstance(owner, ast.Attribute) and owner.attr in _CLOCK_OWNERS
    )
