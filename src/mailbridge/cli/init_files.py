"""The files that `mailbridge init` makes: never over one that is there, readable by their owner only."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailbridge.cli.common import UsageProblem
from mailbridge.cli.init_answers import MAILBOX, NO_SINK, Answers

if TYPE_CHECKING:
    from mailbridge.config import Settings

SECRETS = "secrets"


class Draft:
    """A configuration that is tried before it gets its name; what was made for it goes when it is given up.

    Args:
        config: Where it will be.
    """

    def __init__(self, config: Path) -> None:
        self._config = config
        self._folder = config.absolute().parent
        self._trial = self._folder / f".{config.name}.trial"
        self._made: list[Path] = []
        self.secrets: list[Path] = []

    def write(self, answers: Answers) -> "Settings":
        """Write what was answered under another name and read it as it will be read.

        Raises:
            ConfigError: Something is missing or wrong.
            UsageProblem: A file is in the way.
        """
        from mailbridge.config import ConfigError, load_settings
        from mailbridge.config.starter import starter_text
        from mailbridge.sdk.secrets import keep_secrets_of

        self.give_up()
        boxes, sinks = self._tables(answers)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._trial.unlink(missing_ok=True)  # of an earlier try that was killed
        self._make(self._trial, starter_text(answers.ledger, boxes, sinks))
        try:
            settings = load_settings(self._trial)
        except ConfigError as error:
            raise ConfigError("answers", error.problems) from None
        keep_secrets_of(settings)
        return settings

    def keep(self) -> None:
        """Give it its name.

        Raises:
            UsageProblem: Somebody else has made such a file meanwhile.
        """
        text = self._trial.read_text(encoding="utf-8")
        self._make(self._config, text)
        self._trial.unlink()
        self._made = []

    def give_up(self) -> None:
        """Remove what was made."""
        for path in self._made:
            path.unlink(missing_ok=True)
        self._made, self.secrets = [], []
        with suppress(OSError):  # there was none, or it holds somebody else's files
            self._folder.joinpath(SECRETS).rmdir()

    def _tables(self, answers: Answers) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
        from mailbridge.config.load import MAILBOX_MODELS
        from mailbridge.config.settings import sink_model
        from mailbridge.registry import sink_names

        kind = str(answers.mailbox.get("type"))
        secret_box = MAILBOX_MODELS.get(kind)
        if secret_box is None:
            raise UsageProblem(f"[mailbox] type: {kind!r} is none of {', '.join(MAILBOX_MODELS)}")
        boxes = {MAILBOX: self._without_secrets(MAILBOX, answers.mailbox, secret_box)}
        sink = str(answers.sink.get("type", NO_SINK))
        if sink == NO_SINK:
            return boxes, {}
        if sink not in sink_names():
            raise UsageProblem(f"there is no sink {sink!r}: one of {', '.join([*sink_names(), NO_SINK])}")
        return boxes, {sink: self._without_secrets(sink, answers.sink, sink_model(sink))}

    def _without_secrets(self, name: str, table: Mapping[str, Any], model: Any) -> dict[str, Any]:
        """Move every secret of a table into a file of its own."""
        from mailbridge.config.tables import is_secret

        found: dict[str, Any] = {"type": table["type"]}
        for key, value in table.items():
            field = model.model_fields.get(key)
            if field is not None and is_secret(field) and isinstance(value, str):
                path = self._folder / SECRETS / f"{name}.{key}"
                self._folder.joinpath(SECRETS).mkdir(mode=0o700, parents=True, exist_ok=True)
                self._make(path, value + "\n")
                self.secrets.append(path)
                found[f"{key}_file"] = f"{SECRETS}/{path.name}"
            elif value is not None:
                found[key] = value
        return found

    def _make(self, path: Path, text: str) -> None:
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise UsageProblem(f"{path} is there already, and init never overwrites: move it away") from None
        with os.fdopen(file, "w", encoding="utf-8") as opened:
            opened.write(text)
        self._made.append(path)


@contextmanager
def draft(config: Path) -> Iterator[Draft]:
    """Lend a draft; unless it is kept, nothing of it remains.

    Raises:
        UsageProblem: There is such a configuration already.
    """
    if os.path.lexists(config):
        raise UsageProblem(f"{config} is there already, and init never overwrites: name another file with -c")
    made = Draft(config)
    try:
        yield made
    finally:
        made.give_up()
