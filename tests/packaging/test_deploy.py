"""The files in deploy/, read by the tools that will read them: systemd, promtool, hadolint, schemas of Kubernetes."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from prometheus_client import generate_latest

from mailbridge.config.settings import settings_model
from mailbridge.observe import metrics
from mailbridge.observe.alert_texts import KINDS

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted([*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")])
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
MOST_EXPOSURE = 2.0


def tool(name, package):
    found = shutil.which(name)
    if found is None:
        (pytest.fail if os.environ.get("MAILBRIDGE_CI") else pytest.skip)(f"no {name} here: Debian has it in {package}")
    return found


def said_by(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def units(tmp_path):
    """The units, with programs that exist on this machine."""
    program = Path(sys.executable).with_name("mailbridge")
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/mailbridge/bin/mailbridge", str(program))
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", [unit.name for unit in UNITS])
def test_systemd_has_nothing_to_say_of_a_unit(units, name):
    assert said_by(tool("systemd-analyze", "systemd"), "verify", str(units / name)) == ""


@pytest.mark.parametrize("name", [unit.name for unit in UNITS if unit.suffix == ".service"])
def test_a_service_is_hardly_exposed(units, name):
    said = said_by(tool("systemd-analyze", "systemd"), "security", "--offline=true", str(units / name))
    assert float(re.search(r"Overall exposure level for \S+: ([\d.]+)", said)[1]) <= MOST_EXPOSURE


def test_the_service_manager_is_told_and_fed():
    text = (DEPLOY / "mailbridge.service").read_text(encoding="utf-8")
    for line in ("Type=notify", "WatchdogSec=120", "ExecReload=/bin/kill -HUP $MAINPID"):
        assert f"{line}\n" in text


def test_the_dockerfile_is_as_experts_want_it():
    hadolint = Path(sys.executable).with_name("hadolint")
    assert said_by(str(hadolint), str(ROOT / "Dockerfile")) == ""


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.name)
def test_kubernetes_takes_the_manifests(manifest):
    documents = list(yaml.safe_load_all(manifest.read_text(encoding="utf-8")))
    for document in documents:
        kubernetes_validate.validate(document, "1.32", strict=True)
    deployment = next(one for one in documents if one["kind"] == "Deployment")
    pod = deployment["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert deployment["spec"]["replicas"] == (1 if manifest.name == "sqlite.yaml" else 3)
    assert {container[f"{name}Probe"]["httpGet"]["path"] for name in ("liveness", "startup")} == {"/livez"}
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    mounted = {one["name"] for one in container["volumeMounts"]}
    assert mounted == {one["name"] for one in pod["volumes"]}
    known = settings_model().model_fields
    for variable in container["env"]:
        group, key = variable["name"].removeprefix("MAILBRIDGE_").lower().split("__")
        assert key.removesuffix("_file") in type(known[group].default).model_fields


@pytest.mark.parametrize("path", sorted(DEPLOY.rglob("compose.yaml")), ids=lambda path: path.parent.name)
def test_compose_files_can_be_read_and_name_what_they_use(path):
    parsed = yaml.safe_load(path.read_text(encoding="utf-8"))
    for name, service in parsed["services"].items():
        used = {one.split(":")[0] for one in service.get("volumes", []) if not one.startswith((".", "/"))}
        assert used <= set(parsed.get("volumes", {})), name
        assert set(service.get("secrets", [])) <= set(parsed.get("secrets", {})), name


def test_prometheus_takes_rules_and_scrape_and_the_rules_do_what_they_say():
    promtool = tool("promtool", "prometheus")
    folder = DEPLOY / "prometheus"
    said_by(promtool, "check", "rules", str(folder / "rules.yaml"))
    said_by(promtool, "test", "rules", str(folder / "rules_test.yaml"))
    said_by(promtool, "check", "config", str(folder / "scrape.yaml"))


def test_the_metrics_are_named_as_prometheus_wants():
    said_by(tool("promtool", "prometheus"), "check", "metrics", input=generate_latest(metrics.REGISTRY).decode())


def series():
    """Return the names of all series that there can be."""
    suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "info": ("_info",)}
    return {
        family.name + suffix for family in metrics.REGISTRY.collect() for suffix in suffixes.get(family.type, ("",))
    }


def rules():
    parsed = yaml.safe_load((DEPLOY / "prometheus" / "rules.yaml").read_text(encoding="utf-8"))
    return [rule for group in parsed["groups"] for rule in group["rules"]]


def test_each_rule_names_an_entry_of_the_runbook():
    """A changed configuration that is refused is told by the log only: the daemon goes on with the old one."""
    entries = re.findall(
        r"^## (\S+)$", (DEPLOY.parent / "docs" / "runbook.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(entries) == sorted([*KINDS, "config_refused"])
    assert {rule["annotations"]["runbook"] for rule in rules() if "alert" in rule} <= set(entries)


def test_each_rule_is_seen_to_fire():
    parsed = yaml.safe_load((DEPLOY / "prometheus" / "rules_test.yaml").read_text(encoding="utf-8"))
    cases = [case for test in parsed["tests"] for case in test["alert_rule_test"]]
    fired = {case["alertname"] for case in cases if case.get("exp_alerts")}
    assert fired == {rule["alert"] for rule in rules()}


def test_rules_and_dashboard_ask_for_series_that_there_are():
    dashboard = (DEPLOY / "grafana" / "mailbridge.json").read_text(encoding="utf-8")
    asked = [target["expr"] for panel in json.loads(dashboard)["panels"] for target in panel["targets"]]
    assert len(asked) > 20
    for expression in [*asked, *(rule["expr"] for rule in rules())]:
        assert set(re.findall(r"\bmailbridge_\w+", expression)) <= series(), expression


def test_queries_of_the_dashboard_are_queries(tmp_path):
    """promtool reads each of them as the expression of a rule."""
    dashboard = json.loads((DEPLOY / "grafana" / "mailbridge.json").read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked = [one.replace('instance=~"$instance"', 'instance=~"a"') for one in asked]
    made = [{"record": f"panel:{number}", "expr": one} for number, one in enumerate(asked)]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": made}]}))
    said_by(tool("promtool", "prometheus"), "check", "rules", "--lint=none", str(tmp_path / "rules.yaml"))
