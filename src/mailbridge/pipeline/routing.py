"""Which parser reads a mail. The strongest route wins; the order of parsers never matters."""

from collections.abc import Sequence
from dataclasses import dataclass

from mailbridge.sdk import Mail, ParseError, Parser, Route, Strength


@dataclass(frozen=True, slots=True)
class Candidate:
    """A parser with its strongest route that holds for a mail."""

    parser: Parser
    route: Route


class Router:
    """Chooses among all parsers.

    Args:
        parsers: In any order.
        asks_all: Whether parsers whose routes are too weak to win are asked as well, for a person who wants to know.
    """

    def __init__(self, parsers: Sequence[Parser], *, asks_all: bool = False) -> None:
        self.parsers = tuple(sorted(parsers, key=lambda parser: parser.manifest.name))
        self._asks_all = asks_all
        self._routes = {
            strength: [
                Candidate(parser, route)
                for parser in self.parsers
                for route in parser.routes
                if route.strength == strength
            ]
            for strength in sorted(Strength, reverse=True)
        }

    def candidates(self, mail: Mail) -> list[Candidate]:
        """Return the parsers that would take the mail by their strongest routes, strongest first.

        Without `asks_all` only those of the greatest strength: the condition of a weaker route reads the whole body.

        Raises:
            ParseError: "parser_failed": a route has a bug; whose mail it is then nobody knows.
        """
        found: dict[str, Candidate] = {}
        for routes in self._routes.values():
            for one in routes:
                name = one.parser.manifest.name
                if name not in found and _holds(one, mail):
                    found[name] = one
            if found and not self._asks_all:
                break
        return list(found.values())

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


def _holds(candidate: Candidate, mail: Mail) -> bool:
    try:
        return candidate.route.holds(mail)
    except MemoryError:
        raise  # of the process, not of the route
    except Exception as error:
        where = f"route {candidate.route.name} of {candidate.parser.manifest.name}"
        raise ParseError("parser_failed", f"{where} raised {error!r}") from error
