from pathlib import Path

import pytest

from mailbridge.config import Settings
from mailbridge.config.load import ConfigError, load_settings


class Loader:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "config.toml"
        (folder / "recipes").mkdir(exist_ok=True)  # the example names it

    def __call__(self, text: str, environment: dict[str, str] | None = None) -> Settings:
        self.path.write_text(text, encoding="utf-8")
        return load_settings(self.path, environment or {})

    def problems(self, text: str, environment: dict[str, str] | None = None) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            self(text, environment)
        assert caught.value.exit_code == 78
        return list(caught.value.problems)


@pytest.fixture
def load(tmp_path):
    return Loader(tmp_path)
