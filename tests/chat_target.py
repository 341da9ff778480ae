"""A chat that takes messages over HTTP, as the API of a messenger does."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class ChatTarget(ThreadingHTTPServer):
    """Keeps what it is told.

    Attributes:
        messages: Title and text of each message.
        url: How Apprise names it.
    """

    daemon_threads = True

    def __init__(self):
        self.messages = []
        super().__init__(("127.0.0.1", 0), _Post)
        self.url = f"json://127.0.0.1:{self.server_address[1]}/botTOKEN/sendMessage"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class _Post(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.messages.append(f"{body['title']}\n{body['message']}")
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass
