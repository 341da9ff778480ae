"""An OAuth 2.0 provider on loopback: gives access tokens, and tells a mail server which of them are good."""

import base64
import hashlib
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
        pending: Errors that the next requests with a device code get, before a person has agreed.
        codes: Code of a browser's visit → its PKCE challenge (RFC 7636 §4.2).
    """

    user: str = "anna"
    lifetime_s: int = 3600
    refresh_tokens: set[str] = field(default_factory=lambda: {"consent"})
    good: set[str] = field(default_factory=set)
    asked: list[dict[str, str]] = field(default_factory=list)
    failure: tuple[int, str] | None = None
    pending: list[str] = field(default_factory=list)
    codes: dict[str, str] = field(default_factory=dict)

    def __post_init__(self):
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.port = self._server.server_address[1]
        self.token_url = f"http://127.0.0.1:{self.port}/token"
        self.device_url = f"http://127.0.0.1:{self.port}/device"
        self.page = "https://login.example/device"
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
        if refusal := self._refusal_of(form):
            return 400, json.dumps({"error": refusal, "error_description": f"made to say {refusal}"})
        number = len(self.asked)
        given = {"access_token": f"access{number}", "token_type": "Bearer", "expires_in": self.lifetime_s}
        if form["grant_type"] == "refresh_token" and form["refresh_token"] not in self.refresh_tokens:
            return 400, json.dumps({"error": "invalid_grant", "error_description": "this grant was withdrawn"})
        if form["grant_type"] != "client_credentials":
            self.refresh_tokens = {f"refresh{number}"}
            given["refresh_token"] = f"refresh{number}"
        self.good.add(given["access_token"])
        return 200, json.dumps(given)

    def _refusal_of(self, form):
        """Return why a log-in gives nothing, None when it does."""
        if form["grant_type"] == "urn:ietf:params:oauth:grant-type:device_code":
            if form.get("device_code") != "device-code":
                return "invalid_grant"
            return self.pending.pop(0) if self.pending else None
        if form["grant_type"] == "authorization_code":
            challenge = self.codes.pop(form["code"], None)
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            proven = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            return None if challenge == proven else "invalid_grant"
        return None

    def begin(self, form):
        """Return status and body for a request of a device code (RFC 8628 §3.2)."""
        if form.get("client_id") != "app":
            return 401, json.dumps({"error": "invalid_client"})
        given = {"device_code": "device-code", "user_code": "ABCD-EFGH", "verification_uri": self.page}
        return 200, json.dumps(given | {"interval": 1, "expires_in": 600})

    def _handler(self):
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {name: values[0] for name, values in parse_qs(body).items()}
                if urlsplit(self.path).path == "/introspect":
                    active = form.get("token") in provider.good
                    self._say(200, json.dumps({"active": active, "username": provider.user}))
                elif urlsplit(self.path).path == "/device":
                    self._say(*provider.begin(form))
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
