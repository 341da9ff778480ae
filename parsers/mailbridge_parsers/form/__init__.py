"""Site forms: one reader for all of them, thin signatures of the systems on top."""

from mailbridge_parsers.form.parser import FormParser

__all__ = ["FormParser"]
