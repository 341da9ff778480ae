"""A port that somebody else has: the work goes on, and the log says what to do."""

import socket

from structlog.testing import capture_logs

from mailbridge.daemon.http import serve


def test_a_taken_port_is_told_with_what_to_do():
    with socket.create_server(("127.0.0.1", 0)) as taken, capture_logs() as said:
        port = taken.getsockname()[1]
        assert serve("127.0.0.1", port, alive=lambda: (True, {}), ready=lambda: (True, {})) is None
    (line,) = [one for one in said if one["event"] == "http_failed"]
    assert line["address"] == f"127.0.0.1:{port}"
    assert "second mailbridge" in line["error"]
    assert "[http] port" in line["error"]
