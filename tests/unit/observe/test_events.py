import ast
import json
import subprocess
import sys
import textwrap
from pathlib import Path

from mailbridge.observe.events import EVENTS

SOURCE = Path(__file__).parents[3] / "src"


def logged_names():
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = node.func.value
                if isinstance(owner, ast.Name) and owner.id == "log" and node.args:
                    yield from {one.value for one in ast.walk(node.args[0]) if isinstance(one, ast.Constant)}


def test_every_logged_event_is_in_the_list_and_every_listed_one_is_logged():
    used = set(logged_names()) | {"stopping"}  # told by another thread
    assert used - set(EVENTS) == set()
    assert set(EVENTS) - used == set()


def logged_by(code):
    """Run code in a process of its own, where logging is set up as in production; return its log lines."""
    start = "from mailbridge.observe.logging import set_up_logging\nset_up_logging(style='json')\n"
    command = [sys.executable, "-c", start + textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_a_hostile_value_can_neither_forge_a_line_nor_colour_a_terminal():
    (line,) = logged_by("""
        from mailbridge.observe.events import log
        log.warning("mailbox_failed", mailbox="x", error='\\x1b]0;owned\\x07\\n{"level": "error"}' + "A" * 9000)
    """)
    assert "\x1b" not in line["error"]
    assert len(line["error"]) < 2100
    assert line["level"] == "warning"


def test_the_address_of_a_webhook_is_not_logged_by_the_http_library():
    code = """
        import httpx, mailbridge.sdk
        transport = httpx.MockTransport(lambda _request: httpx.Response(200))
        httpx.Client(transport=transport).get("https://portal.example/rest/1/secret-code/x")
    """
    assert logged_by(code) == []
