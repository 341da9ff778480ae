import subprocess
from pathlib import Path
from shutil import which

import pytest
from prometheus_client import generate_latest

from mailbridge.observe import metrics
from mailbridge.observe.clocks import FORGOTTEN_S, Clocks

DOCUMENT = Path(__file__).parents[3] / "docs" / "metrics.md"


def scraped():
    metrics.prepare(mailboxes=["box"], sinks=["amo"], sources=["vk"], limits=["too_large"])
    return generate_latest(metrics.REGISTRY).decode()


def test_the_document_lists_every_metric():
    rows = [f"| `{name}` | {kind} | {labels} | {about} |" for name, kind, labels, about in metrics.catalogue()]
    table = "\n".join(rows)
    assert table in DOCUMENT.read_text(encoding="utf-8"), f"the table in docs/metrics.md has to be:\n{table}"


def test_series_of_what_is_configured_exist_from_the_start():
    text = scraped()
    for line in (
        'mailbridge_mails_stored_total{mailbox="box"} 0.0',
        'mailbridge_deliveries_total{outcome="delivered",sink="amo"} 0.0',
        'mailbridge_crm_requests_total{sink="amo",status="429"} 0.0',
        'mailbridge_lead_latency_seconds_count{sink="amo",source="vk"} 0.0',
        'mailbridge_limits_hit_total{limit="too_large"} 0.0',
        "mailbridge_build_info{version=",
    ):
        assert line in text


def test_labels_from_outside_are_bounded():
    label = metrics.Bounded(2)
    assert [label(word) for word in ("a", "b", "c", "a", "d")] == ["a", "b", "other", "a", "other"]


@pytest.mark.skipif(which("promtool") is None, reason="needs promtool")
def test_promtool_has_nothing_to_say():
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=scraped(), capture_output=True, text=True, check=False
    )
    complaints = [line for line in done.stderr.splitlines() if line.startswith("mailbridge_")]
    assert complaints == []


def test_a_skew_is_forgotten():
    moment = [0.0]
    clocks = Clocks(lambda: moment[0])
    clocks.compare("sink test", 1_000.0, 970.0)
    assert clocks.skews() == {"sink test": 30.0}
    assert 'clock_skew_seconds{server="sink test"} 30.0' in scraped()
    moment[0] = FORGOTTEN_S + 1
    assert clocks.skews() == {}
    assert "sink test" not in scraped(), "what was measured long ago keeps no rule firing"
