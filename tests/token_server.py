"""An OAuth 2.0 provider on loopback: gives access tokens, and tells a mail server which of them are good."""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass
class TokenServer:
    """Takes each refresh token once, as strict providers do.

    Attributes:
        user: Whose mailbox the tokens open.
        lifetime_s: What `expires_in` says.
        refresh_tokens: Those that it takes now.
        good: Access tokens that are valid now.
        asked: Forms of all token requests.
        failure: (status, body) that answers the next token requests instead.
    """

    user: str = "anna"
    lifetime_s: int = 3600
    refresh_tokens: set[str] = field(default_factory=lambda: {"consent"})
    good: set[str] = field(default_factory=set)
    asked: list[dict[str, str]] = field(default_factory=list)
    failure: tuple[int, str] | None = None

    def __post_init__(self):
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.port = self._server.server_address[1]
        self.token_url = f"http://127.0.0.1:{self.port}/token"
        self.introspection_url = f"http://127.0.0.1:{self.port}/introspect"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def give(self, form):
        """Return status and body for a token request."""
        self.asked.append(form)
        if self.failure is not None:
            return self.failure
        if form.get("client_secret") != "of the program":
            return 401, json.dumps({"error": "invalid_client", "error_description": "AADSTS7000215: Invalid secret"})
        number = len(self.asked)
        given = {"access_token": f"access{number}", "token_type": "Bearer", "expires_in": self.lifetime_s}
        if form["grant_type"] == "refresh_token":
            if form["refresh_token"] not in self.refresh_tokens:
                return 400, json.dumps({"error": "invalid_grant", "error_description": "this grant was withdrawn"})
            self.refresh_tokens = {f"refresh{number}"}
            given["refresh_token"] = f"refresh{number}"
        self.good.add(given["access_token"])
        return 200, json.dumps(given)

    def _handler(self):
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {name: values[0] for name, values in parse_qs(body).items()}
                if urlsplit(self.path).path == "/introspect":
                    active = form.get("token") in provider.good
                    self._say(200, json.dumps({"active": active, "username": provider.user}))
                else:
                    self._say(*provider.give(form))

            def _say(self, status, body):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        return Handler
