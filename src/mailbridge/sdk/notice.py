"""A notification of a network, read without knowing its template: headline, who, when, the words, the place.

What the template wrote and what a stranger wrote are told apart by where things stand and what links point to: the
headline comes first, buttons are links with captions, an address that is its own caption was typed by a person.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import cached_property

from mailbridge.sdk.dates import date_shown, stamp_in_mail
from mailbridge.sdk.deeds import Deed, actors_in, deed_in, said_in
from mailbridge.sdk.interest import Author, Precision
from mailbridge.sdk.lines import Line, Run
from mailbridge.sdk.mail import Mail
from mailbridge.sdk.names import is_name
from mailbridge.sdk.notification import Notice
from mailbridge.sdk.people import person_name
from mailbridge.sdk.phrases import (
    agrees,
    alike,
    calls_a_place,
    calls_the_sender,
    is_beside_name,
    is_footer,
    is_greeting,
    names_somebody,
    own_words,
    unquoted,
)
from mailbridge.sdk.shown_words import linked_words, shown_words
from mailbridge.sdk.targets import NetworkLinks, Target
from mailbridge.sdk.text import fold

_FAR = 40
_NEAR = 6
_TO_PLACES = frozenset({"review", "message"})
"""What is told of another one's doing was done to a page: to people it is told as "you"."""
_BESIDE_NAME = re.compile(r"(?:\s{0,3}[(·•|]?\s{0,3}@\w{1,40}\)?)?(?:\s{0,3}[·•|,]\s{0,3}[\w.: ]{1,30})?")
_SHORTEST_TITLE = 4


def read_notice(mail: Mail, lines: Sequence[Line], links: NetworkLinks, *, announced: bool = False) -> Notice:
    """Read the lines of an HTML body.

    Args:
        mail: The mail.
        lines: Its visible lines.
        links: The network's addresses.
        announced: The event is known from a sign beside the words: a headline in any language will do.
    """
    return _Reading(mail, lines, links, announced=announced).notice()


def _below_name(text: str, actors: Sequence[Author]) -> str:
    """Drop a first line that is nothing but the author's name: a template's, above the words."""
    first, _, below = text.partition("\n")
    is_name_only = any(actor.name and fold(first) == fold(actor.name) for actor in actors)
    return below.strip() if is_name_only and below.strip() else text


def _is_tag(run: Run) -> bool:
    """A word of a person that the network made a link to all that have the word."""
    return run.text.lstrip().startswith("#")


class _Reading:
    """One pass over the lines of one mail."""

    def __init__(self, mail: Mail, lines: Sequence[Line], links: NetworkLinks, *, announced: bool) -> None:
        self.mail = mail
        self.announced = announced
        self.lines = lines
        self.links = links
        self._targets_seen: dict[str, Target] = {}

    def notice(self) -> Notice:
        at = self.headline_at
        if at is None:
            return Notice()
        line = self.lines[at]
        start, end, when = self._body_span(at)
        text, is_cut = shown_words(self.lines[start:end], self._target)
        deed = self._deed(line) or self.subject_deed
        actors = self._actors(at, start)
        text = _below_name(text, actors)
        place, place_url, is_place = self._place(at, end, actors)
        around = [*self._targets([line]), *self._targets(self.lines[at + 1 : start])]
        around += [*self._targets(self._buttons(end)), *self._targets(self.lines[:at])]
        return Notice(
            headline=line.text,
            deed=deed,
            actors=actors,
            text=text or unquoted(said_in(line.text, self._deed(line)) or linked_words(self.lines[end:], self._target)),
            is_cut=is_cut,
            when=when,
            target=self._best(around),
            place=place,
            place_url=place_url,
            is_place=is_place or (deed is not None and deed.kind in _TO_PLACES),
        )

    @cached_property
    def headline_at(self) -> int | None:
        """The first line that announces something; its twin with links when the first is a mere title."""
        found = [at for at, line in enumerate(self.lines[:_FAR]) if self._announces(line)]
        if not found or not agrees(self.mail.subject, self._shown_names(self.lines[found[0]])):
            return self._author_at()
        first = self.lines[found[0]]
        named = set(map(fold, actors_in(first.text)))
        if named and not self._people(first):
            for at in found[1:]:
                if named & {fold(run.text) for run in self._people(self.lines[at])}:
                    return at
        return found[0] if named or self._people(first) else self._named_at(found)

    def _named_at(self, found: Sequence[int]) -> int:
        """The sentence that names who did what a title such as "New order" only announces; else the title."""
        title = found[0]
        if any(self._people(line) for line in self.lines[max(0, title - _NEAR) : title]):
            return title
        deed = self._deed(self.lines[title])
        unlinked = not any(self._people(line) for line in self.lines[:_FAR])  # names without links, or none at all
        for at in found[1:]:
            line, other = self.lines[at], self._deed(self.lines[at])
            named = self._people(line) or (unlinked and actors_in(line.text))
            if at - title <= _NEAR and named and deed and other and deed.kind == other.kind:
                return at
        return title

    def _author_at(self) -> int | None:
        """The line that shows who did what the subject alone, or no word at all, announces."""
        if self.subject_deed is None and not self.announced:
            return None
        for at, line in enumerate(self.lines[:_FAR]):
            people = [run.text for run in self._people(line)] or self._unlinked_name(line)
            if people and not is_greeting(line.text) and agrees(self.mail.subject, people[:1]):
                return at
        return None

    def _unlinked_name(self, line: Line) -> list[str]:
        """The name that the subject tells, where it stands in the body without a link: "Dana Whitlock @dana · 2h"."""
        names = [name for name in actors_in(self.mail.subject) if line.text.startswith(name)]
        return [name for name in names if _BESIDE_NAME.fullmatch(line.text[len(name) :])]

    @cached_property
    def subject_deed(self) -> Deed | None:
        """What the subject announces."""
        return deed_in(self.mail.subject)

    def _shown_names(self, line: Line) -> list[str]:
        return [run.text for run in self._people(line)] or actors_in(line.text)

    def _announces(self, line: Line) -> bool:
        if is_greeting(line.text) or is_footer(line.text) or len(line.text) > 400:
            return False
        roles = {self._target(run).role for run in line.links} if line.is_captions else ()
        if "own" in roles and "person" not in roles:
            return False  # a row of buttons
        return self._deed(line) is not None and (not line.is_captions or bool(actors_in(line.text)))

    def _deed(self, line: Line) -> Deed | None:
        """What a line announces; names of people, groups and titled objects in it say nothing."""
        names = [run.text for run in line.links if not run.is_address and self._is_name(run)]
        return deed_in(line.text, *(" ".join(name.split()) for name in names))

    def _is_name(self, run: Run) -> bool:
        role = self._target(run).role
        return role in {"person", "place"} or (role == "object" and not run.text.strip()[:1].islower())

    def _target(self, run: Run) -> Target:
        if run.href not in self._targets_seen:
            self._targets_seen[run.href] = self.links.target(run.href)
        return self._targets_seen[run.href]

    def _people(self, line: Line) -> list[Run]:
        """Who is linked in a line; where it is no person, the group or page that stands before the verb."""
        people = [run for run in line.links if self._is_person(run)]
        places = [run for run in line.links if self._target(run).role == "place"] if not people else []
        deed = self._deed(line) if places else None
        return people or [run for run in places[:1] if deed and self._position(line, run) < deed.start]

    def _is_person(self, run: Run) -> bool:
        return not run.is_address and self._target(run).role == "person" and bool(person_name(run.text))

    def _targets(self, lines: Iterable[Line]) -> Iterator[Target]:
        """Yield what captions and pictures of the template lead to."""
        for line in lines:
            for run in line.runs:
                if run.href and not run.is_address and (target := self._target(run)).role in {"object", "talk"}:
                    yield target

    def _best(self, targets: Iterable[Target]) -> Target | None:
        """The first one, or where the same post is linked more exactly: with the comment, with the reply to it."""
        every = list(targets)
        same = (target for target in every if target.post == every[0].post)
        return max(same, key=lambda target: (bool(target.comment), bool(target.thread))) if every else None

    def _actors(self, at: int, start: int) -> tuple[Author, ...]:
        people = self._acting(at, start)
        if people:
            unique = {self._target(run).url: run for run in reversed(people)}
            beside = self._beside_text(at, start)
            kept = sorted(
                (run for run in people if unique[self._target(run).url] is run), key=lambda run: not beside(run)
            )
            return tuple(self._author(run.text, self._target(run).url, at, start) for run in kept)
        names = actors_in(self.lines[at].text) or actors_in(self.mail.subject)
        url = self._linked_portrait(at, start)
        if not names and url:
            names = self._name_beside(at)
        if names or url:
            return tuple(
                self._author(name, "" if number else url, at, start) for number, name in enumerate(names or [""])
            )
        return ()

    def _name_beside(self, at: int) -> list[str]:
        """The name that stands without a link between a portrait and what its person did."""
        for line in reversed(self.lines[max(0, at - 2) : at]):
            if line.text and not line.links:
                return [line.text] if is_name(line.text) else []
        return []

    def _beside_text(self, at: int, start: int) -> Callable[[Run], bool]:
        """Of several people the one whose name stands above the words has said them."""
        below = [run for line in self.lines[at + 1 : start] if line.is_captions for run in self._people(line)]
        urls = {self._target(run).url for run in below[:1]}
        return lambda run: self._target(run).url in urls

    def _acting(self, at: int, start: int) -> list[Run]:
        """People of the headline, else of the line before it, else of the one between headline and text."""
        line = self.lines[at]
        people = self._people(line)
        deed = self._deed(line)
        if people and deed is None:
            return people[:1]
        if people and deed is not None:
            names = set(map(fold, actors_in(line.text)))
            before = [run for run in people if self._position(line, run) < deed.start]
            if before and (sender := self._sender(line, people, deed)):
                return sender
            return before or [run for run in people if fold(run.text) in names] or people[:1]
        for near in (*reversed(self.lines[max(0, at - _NEAR) : at]), *self.lines[at + 1 : start]):
            if not is_greeting(near.text) and (near.is_captions or near in self.lines[:at]) and self._people(near):
                return self._people(near)[:1]
        return []

    def _sender(self, line: Line, people: Sequence[Run], deed: Deed) -> list[Run]:
        """Who stands behind "from" where a page is told before the verb: "The page Oak got a message from Ann Lee"."""
        told = [(run, self._position(line, run)) for run in people]
        if not all(calls_a_place(line.text[:at]) for _, at in told if at < deed.start):
            return []
        return [run for run, at in told if at >= deed.end and calls_the_sender(line.text[:at])][:1]

    def _position(self, line: Line, run: Run) -> int:
        return line.text.find(" ".join(run.text.split()))

    def _linked_portrait(self, at: int, start: int) -> str:
        for run in self._pictures(at, start):
            target = self._target(run)
            if target.role == "person":
                return target.url
        return ""

    def _author(self, name: str, url: str, at: int, start: int) -> Author:
        pictures = [run for run in self._pictures(at, start) if self.links.is_photo(run.image)]
        photo = next((run.image for run in pictures if url and self._target(run).url == url), "")
        if not photo:  # a portrait without a link, when there is only one to choose from
            bare = {run.image for run in pictures if self._target(run).role not in {"person", "place"}}
            photo = bare.pop() if len(bare) == 1 else ""
        name = self._shown_name(name, url, at, start)
        return Author(name=person_name(name) or None, url=url or None, photo_url=photo or None)

    def _shown_name(self, name: str, url: str, at: int, start: int) -> str:
        """The name as it stands alone beside the portrait: a headline may put it into another case."""
        below = [run for line in self.lines[at + 1 : start] if line.is_captions for run in self._people(line)]
        alone = [run.text for run in below if self._target(run).url == url]
        portraits = [run.alt for run in self._pictures(at, start) if url and self._target(run).url == url]
        shown = (
            one
            for one in (*alone, *portraits)
            if (alike(one, name) and person_name(one) if name else names_somebody(one))
        )
        return next(shown, name)

    def _pictures(self, at: int, start: int) -> list[Run]:
        lines = self.lines[max(0, at - _NEAR) : max(start, at + 1)]
        return [run for line in lines for run in line.runs if run.image]

    def _body_span(self, at: int) -> tuple[int, int, tuple[datetime, Precision] | None]:
        """Where the words begin and end, and the date that stands before them."""
        start, when = self._after_author(at) or at + 1, date_shown(self.lines[at - 1].text, self.mail) if at else None
        while start < len(self.lines) and (self._is_head(self.lines[start], when is None) or self._is_title(start)):
            when = when or date_shown(self.lines[start].text, self.mail)
            start += 1
        end = start
        while end < len(self.lines) and not self._is_tail(self.lines[end]):
            end += 1
        start = self._after_own_words(start, end)
        end = self._before_own_words(start, end)
        last = next((number for number in reversed(range(start, end)) if self.lines[number].text), None)
        stamp = stamp_in_mail(self.lines[last].text, self.mail) if last is not None and when is None else None
        return (start, last, stamp) if last is not None and stamp else (start, end, when)

    def _after_own_words(self, start: int, end: int) -> int:
        """Where the answer begins below the recipient's own words, which a template repeats above it."""
        filled = [number for number in range(start, end) if self.lines[number].text]
        match = own_words(self.lines[filled[0]].text) if len(filled) > 1 else None
        if match is None:
            return start
        at = 1 if match["quoted"] else 2
        return filled[at] if at < len(filled) else start

    def _before_own_words(self, start: int, end: int) -> int:
        """Where the answer ends above the recipient's own words; only those in quotation marks are a template's."""
        filled = [number for number in range(start, end) if self.lines[number].text]
        match = own_words(self.lines[filled[-1]].text) if len(filled) > 1 else None
        return filled[-1] if match and unquoted(match["quoted"]) != match["quoted"] else end

    def _after_author(self, at: int) -> int:
        """Where a block of portrait, name and date below the headline goes on with the words; 0 without a block."""
        headline = self.lines[at]
        urls = {self._target(run).url for run in self._people(headline)}
        names = actors_in(headline.text) or actors_in(self.mail.subject)
        for below in range(at + 1, min(at + _NEAR + 1, len(self.lines) - 1)):
            line = self.lines[below]
            people = self._people(line) if line.is_captions else []
            known = any(self._target(run).url in urls or (not urls and run.text.strip() in names) for run in people)
            pictured = any(run.image and self._target(run).role == "person" for run in self.lines[below - 1].runs)
            if known and (pictured or date_shown(self.lines[below + 1].text, self.mail) is not None):
                return below + 1
        return 0

    def _is_head(self, line: Line, date_due: bool) -> bool:  # noqa: FBT001 - a question about the line before
        """Names, portraits and the date between headline and text."""
        if not line.text or is_beside_name(line.text):
            return True
        if date_due and date_shown(line.text, self.mail) is not None:
            return True
        roles = {self._target(run).role for run in line.links}
        return line.is_captions and roles <= {"person", "place"}

    def _is_title(self, at: int) -> bool:
        """The linked title of what the event is about, which the subject names too; words and buttons follow it."""
        line = self.lines[at]
        called = fold(line.text.strip("«»“”\"' "))
        if not line.is_captions or len(called) < _SHORTEST_TITLE or called not in fold(self.mail.subject):
            return False
        below = next((other for other in self.lines[at + 1 :] if other.text), None)
        return below is not None and not below.is_captions and not self._is_tail(below)

    def _is_tail(self, line: Line) -> bool:
        """Buttons, quoted posts of others, the footer."""
        if any(
            self._target(run).role == "own" for run in line.runs if run.href and not run.is_address and not _is_tag(run)
        ):
            return True
        return line.is_captions and not all(self._is_typed(run) for run in line.links)

    def _is_typed(self, run: Run) -> bool:
        """A hashtag, or an address that a person wrote and the network shortened for show."""
        is_short = self._target(run).role == "outside" and re.fullmatch(r"\S+\.\S+", run.text.strip()) is not None
        return is_short or _is_tag(run)

    def _buttons(self, end: int) -> list[Line]:
        return [line for line in self.lines[end:] if line.is_captions or not line.text]

    def _place(self, at: int, end: int, actors: Sequence[Author]) -> tuple[str, str, bool]:
        """Name and address of the group or page: in the headline, else above it; else the address that a button has.

        The third says whether it is one for certain: networks give pages and people the same kind of address.
        """
        acting = {actor.url for actor in actors}
        before = ""
        for run in self.lines[at].runs:
            target = self._target(run) if run.href and run.text.strip() and not run.is_address else None
            if target and target.role in {"person", "place"} and target.url not in acting:
                return (
                    " ".join(run.text.split()),
                    target.url,
                    target.role == "place" or calls_a_place(before),
                )
            before += run.text
        for line in reversed(self.lines[max(0, at - _NEAR) : at]):
            above = self._target(line.links[0]) if line.is_captions else Target("outside")
            if above.role == "place" and above.url not in acting:
                return line.text, above.url, True
        buttons = (self._target(run) for line in self._buttons(end) for run in line.links)
        return "", next((target.url for target in buttons if target.role == "place"), ""), False
