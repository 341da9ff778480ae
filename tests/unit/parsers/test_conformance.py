"""Every installed parser passes the conformance kit that is shipped for the parsers of others."""

import pytest

from mailbridge.registry import parser_types
from mailbridge.testing.parsers import ParserSuite


@pytest.fixture(autouse=True, params=list(parser_types()))
def kind(request):
    request.instance.kind = parser_types()[request.param]


class TestInstalledParsers(ParserSuite):
    def make_parser(self):
        return self.kind(self.kind.Config())
