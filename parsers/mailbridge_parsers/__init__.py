"""Parsers of mailbridge: one module or package per network, plugins like anybody else's."""
