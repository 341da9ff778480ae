"""Messages reach the services as they were meant, and a refusal says why without telling the secret."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import parse_qs

import pytest

from mailbridge.observe import notify_vk
from mailbridge.observe.notifying import problem, refusal

TEXT = "HTTP 403 <html> & *bold* _x_\nsecond line"
TOKEN = "123456789:AAabcdefghijklmnopqrstuvwxyz0123456"
VK_TOKEN = "vk1.a.Geheimnis-der_Gemeinschaft"


@pytest.fixture
def posted(monkeypatch):
    """What Apprise hands to the network."""
    calls = []

    def post(url, data=None, **_):
        calls.append((url, data))
        answer = SimpleNamespace(status_code=200, content=b'{"ok":true}', text='{"ok":true}', headers={})
        return SimpleNamespace(**vars(answer), json=lambda: {"ok": True})

    monkeypatch.setattr("requests.post", post)
    return calls


def test_telegram_gets_text_that_it_does_not_take_for_html(posted):
    assert refusal(f"tgram://{TOKEN}/42", "a <b> & c", TEXT) is None
    said = json.loads(posted[0][1])["text"]
    assert "HTTP 403 &lt;html&gt; &amp; *bold*" in said
    assert "a &lt;b&gt; &amp; c" in said


def test_a_long_message_is_parted_where_a_service_takes_no_longer_one(posted):
    assert refusal("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", "many", "word " * 1000) is None
    assert len(posted) == 3
    assert all(len(json.loads(data)["content"]) <= 2000 for _, data in posted)


def test_a_refusal_says_why_and_keeps_the_secret():
    said = refusal(f"json://user:{TOKEN[10:]}@127.0.0.1:9/hook", "title", "text")
    assert "onnection error" in said
    assert TOKEN[10:] not in said
    for wrong in ("nonsense", "", "tgram://bad", "mailtos://user:pass@127.0.0.1:9?to=a@example.org", "vk://token"):
        assert problem(wrong), wrong
        assert refusal(wrong, "title", "text"), wrong
    assert problem(f"tgram://{TOKEN}/42") is None
    assert problem(f"vk://{VK_TOKEN}/2000000001") is None


def test_a_plugin_that_fails_is_a_refusal(monkeypatch):
    def fails(*_, **__):
        raise RuntimeError("a bug of somebody else")

    monkeypatch.setattr("requests.post", fails)
    assert "raised an exception" in refusal(f"tgram://{TOKEN}/42", "title", "text")


@pytest.fixture
def vk(monkeypatch):
    """The API of VK: answers what `answer` holds, always with status 200."""

    class Api(BaseHTTPRequestHandler):
        def do_POST(self):
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            server.calls.append((self.path, {name: value[0] for name, value in form.items()}))
            body = json.dumps(server.answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    server.calls, server.answer = [], {"response": 7}
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    monkeypatch.setattr(notify_vk, "API", f"http://127.0.0.1:{server.server_port}")
    yield server
    server.shutdown()
    server.server_close()


def test_vk_gets_a_message_of_the_community(vk):
    for _ in range(2):
        assert refusal(f"vk://{VK_TOKEN}/2000000001", "Диск почти полон", TEXT) is None
    (path, first), (_, again) = vk.calls
    assert path == "/method/messages.send"
    assert first["message"] == f"Диск почти полон\n{TEXT}"
    assert (first["peer_id"], first["access_token"]) == ("2000000001", VK_TOKEN)
    assert first["random_id"] == again["random_id"], "VK makes one message of the same one twice"
    assert 0 < int(first["random_id"]) < 2**31


def test_vk_says_why_not_and_the_token_stays_secret(vk):
    why = f"Can't send messages for users without permission {VK_TOKEN}"
    vk.answer = {"error": {"error_code": 901, "error_msg": why}}
    said = refusal(f"vk://{VK_TOKEN}/1", "title", "text")
    assert "VK says: 901 Can't send messages" in said
    assert VK_TOKEN not in said
    vk.answer = [1]
    assert "can't be read" in refusal(f"vk://{VK_TOKEN}/1", "title", "text")
    vk.shutdown()
    vk.server_close()
    assert "cannot connect" in refusal(f"vk://{VK_TOKEN}/1", "title", "text")


def test_a_very_long_message_to_vk_is_cut(vk):
    assert refusal(f"vk://{VK_TOKEN}/1", "title", "я" * 9000) is None
    assert len(vk.calls[0][1]["message"]) <= notify_vk.LONGEST
