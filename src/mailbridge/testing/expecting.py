"""What a mail has to give: the content of an `expected.json`, made by reading the mail."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from mailbridge.pipeline.parsing import TrustRules
from mailbridge.pipeline.routing import Router
from mailbridge.sdk import Parser
from mailbridge.worker import job_of, read_raw


def expectation(raw: bytes, parsers: Sequence[Parser], rules: TrustRules | None = None) -> dict[str, Any]:
    """Return outcome, reason, parser and interests of a mail, without what depends on the place it lies in."""
    reading = read_raw(job_of(raw), Router(parsers), rules or TrustRules()).reading
    interests = [{key: value for key, value in one.to_json().items() if key != "mail"} for one in reading.interests]
    return {
        "outcome": reading.outcome,
        "reason": reading.reason,
        "parser": reading.parser,
        "interests": interests,
    }


def parser_in(file: Path, class_name: str) -> Parser:
    """Return an instance of a parser out of a file that is not installed."""
    spec = importlib.util.spec_from_file_location("mailbridge_new_plugin", file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    kind = getattr(module, class_name)
    return cast("Parser", kind(kind.Config()))
