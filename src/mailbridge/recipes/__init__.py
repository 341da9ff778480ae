"""Recipes: parsers that are written as a TOML file, for senders that no plugin knows."""
