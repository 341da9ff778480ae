"""Which parser reads a mail. The strongest route wins; the order of parsers never matters."""

from collections.abc import Sequence
from dataclasses import dataclass

from mailbridge.sdk import Mail, ParseError, Parser, Route


@dataclass(frozen=True, slots=True)
class Candidate:
    """A parser with its strongest route that holds for a mail."""

    parser: Parser
    route: Route


class Router:
    """Chooses among all parsers."""

    def __init__(self, parsers: Sequence[Parser]) -> None:
        self.parsers = tuple(sorted(parsers, key=lambda parser: parser.manifest.name))

    def candidates(self, mail: Mail) -> list[Candidate]:
        """Return every parser that would take the mail, strongest first."""
        found = []
        for parser in self.parsers:
            routes = [route for route in parser.routes if route.holds(mail)]
            if routes:
                found.append(Candidate(parser, max(routes, key=lambda route: route.strength)))
        return sorted(found, key=lambda candidate: -candidate.route.strength)

    @staticmethod
    def choose(mail: Mail, found: Sequence[Candidate]) -> Candidate:
        """Return the one of the candidates that reads the mail.

        Raises:
            ParseError: "no_parser", or "ambiguous_route" when two parsers claim it equally strongly.
        """
        if not found:
            raise ParseError("no_parser", f"nobody reads mails of {mail.sender.email or 'an unknown sender'}")
        rivals = [one for one in found if one.route.strength == found[0].route.strength]
        if len(rivals) > 1:
            names = ", ".join(f"{one.parser.manifest.name} by {one.route.name}" for one in rivals)
            raise ParseError("ambiguous_route", names)
        return found[0]
