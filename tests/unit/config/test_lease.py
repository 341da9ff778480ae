import pytest

from mailbridge.config import ConfigError, load_settings

CONFIG = """
[ledger]
lease_s = {lease_s}
[sinks.amo]
type = "amocrm"
url = "https://example.amocrm.ru"
token = "t"
timeout_s = 20
"""


def test_a_lease_that_a_request_could_outlive_is_told_before_the_first_one(tmp_path):
    (tmp_path / "config.toml").write_text(CONFIG.format(lease_s=45))
    with pytest.raises(ConfigError, match=r"\[sinks.amo\] timeout_s: a request may last 45 s"):
        load_settings(tmp_path / "config.toml", {})


def test_a_lease_that_outlives_every_request_is_fine(tmp_path):
    (tmp_path / "config.toml").write_text(CONFIG.format(lease_s=46))
    assert load_settings(tmp_path / "config.toml", {}).ledger.lease_s == 46
