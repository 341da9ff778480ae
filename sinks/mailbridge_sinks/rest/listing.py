"""Lists that an API answers with, page after page."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urljoin, urlsplit

from mailbridge.sdk import NotWritten, Unusable
from mailbridge_sinks.rest.answers import Good, as_text, query
from mailbridge_sinks.rest.client import RestClient
from mailbridge_sinks.rest.forms import Filled
from mailbridge_sinks.rest.shape import AnswerRule, Request

MOST_PAGES = 40
"""So long a list is read; a search that finds more asks for too much."""


def listed(client: RestClient, request: Filled, shape: Request, rules: Sequence[AnswerRule]) -> list[Any]:
    """Return the rows of a list, of all its pages.

    Raises:
        NotWritten: An answer lists nothing it knows, is one page of several, or the list does not end.
        SinkError: It can't be read now.
    """
    nothing = (AnswerRule(status=shape.nothing, means="nothing"),) if shape.nothing else ()
    rows: list[Any] = []
    for good in _answers(client, request, shape, (*nothing, *rules)):
        rows += _rows(good, shape)
    return rows


def _answers(client: RestClient, request: Filled, shape: Request, rules: Sequence[AnswerRule]) -> Iterator[Good]:
    for _ in range(MOST_PAGES):
        good = client.read(request, rules)
        yield good
        mark = as_text(query(shape.next, good.body)) if shape.next and good.means != "nothing" else ""
        if not mark:
            return
        request = _following(client.address, request, shape, mark)
    raise NotWritten(f"a search has more than {MOST_PAGES} pages: narrow it", pause=True)


def _following(base: str, request: Filled, shape: Request, mark: str) -> Filled:
    """Return the request for the next page: the same with its mark, or what the answer gives as an address."""
    if not shape.next_name:
        return dataclasses.replace(request, path=_own_address(base, request, mark), params={})
    if request.method == "GET":
        return dataclasses.replace(request, params={**request.params, shape.next_name: mark})
    if not isinstance(request.body, dict):
        raise Unusable("next_name needs a body that is an object")
    return dataclasses.replace(request, body={**request.body, shape.next_name: mark})


def _own_address(base: str, request: Filled, mark: str) -> str:
    """Return the next page's address; credentials go to no other host than that of url."""
    address = urljoin(base + "/" + request.path.lstrip("/"), mark)
    own, wanted = urlsplit(base), urlsplit(address)
    if (own.scheme, own.netloc) != (wanted.scheme, wanted.netloc):
        raise Unusable(f"the next page of a search lies at another host ({wanted.hostname}): correct url, or next")
    return address


def _rows(good: Good, shape: Request) -> list[Any]:
    if good.means == "nothing":
        return []
    if shape.whole and not query(shape.whole, good.body):
        raise NotWritten(
            "the answer to a search is one page of several: narrow it, ask for longer pages, or say where next stands",
            pause=True,
        )
    rows = [] if good.body is None else query(shape.rows, good.body)
    if isinstance(rows, list):
        return rows
    if isinstance(rows, dict):
        return [rows]
    raise NotWritten(f"the answer to a search lists no objects at {shape.rows!r}", pause=True)
