"""The fault proxy does to connections what it says, and nothing else."""

import socket
import threading
import time
from contextlib import closing

import pytest

from mailbridge.testing.proxy import SLOW_PIECE, Trouble, fault_proxy

ANSWER = b"answer to "


class Echo:
    """Answers every line with the line; keeps what it received."""

    def __init__(self):
        self.received = b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._listen, daemon=True)]
        self._threads[0].start()

    def _listen(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._serve, args=(connection,), daemon=True))
            self._threads[-1].start()

    def _serve(self, connection):
        with connection:
            try:
                while data := connection.recv(65536):
                    self.received += data
                    if data.endswith(b"\n"):
                        connection.sendall(ANSWER + data)
            except OSError:
                pass

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self._threads:
            thread.join(5)


@pytest.fixture
def echo():
    server = Echo()
    yield server
    server.close()


@pytest.fixture
def proxy(echo):
    with fault_proxy(echo.port) as made:
        yield made


def connect(proxy, timeout_s=5):
    return closing(socket.create_connection(("127.0.0.1", proxy.port), timeout_s))


def ask(client, line=b"hello\n"):
    client.sendall(line)
    answer = b""
    while not answer.endswith(b"\n"):
        data = client.recv(65536)
        if not data:
            break
        answer += data
    return answer


def test_without_trouble_every_byte_passes_both_ways(proxy, echo):
    big = bytes(range(1, 10)) * 50_000 + b"\n"
    big = big.replace(b"\n", b"x") + b"\n"
    with connect(proxy) as client:
        sender = threading.Thread(target=client.sendall, args=(big,))
        sender.start()
        received = b""
        while len(received) < len(ANSWER) + len(big) and (data := client.recv(65536)):
            received += data
            if echo.received == big and received.count(ANSWER) and received.endswith(b"\n"):
                break
        sender.join(5)
    assert echo.received == big
    assert proxy.met == {}


def test_latency_holds_up_each_piece_and_loses_none(proxy):
    proxy.trouble = Trouble("latency", "to_server", delay_s=0.3)
    with connect(proxy) as client:
        began = time.monotonic()
        assert ask(client) == ANSWER + b"hello\n"
        assert time.monotonic() - began >= 0.3
    assert proxy.met == {"latency": 1}


def test_what_a_client_sent_before_it_gave_up_still_arrives(proxy, echo):
    proxy.trouble = Trouble("latency", "to_server", delay_s=0.3)
    with connect(proxy) as client:
        client.sendall(b"late\n")
    assert echo.received == b""
    deadline = time.monotonic() + 5
    while echo.received != b"late\n" and time.monotonic() < deadline:
        time.sleep(0.02)
    assert echo.received == b"late\n"


def test_slow_bytes_come_in_small_pieces_and_all_of_them(proxy):
    proxy.trouble = Trouble("slow", "to_client", delay_s=0.05)
    line = b"x" * (3 * SLOW_PIECE) + b"\n"
    with connect(proxy) as client:
        began = time.monotonic()
        assert ask(client, line) == ANSWER + line
        assert time.monotonic() - began >= 4 * 0.05


def test_a_cut_lets_exactly_so_many_bytes_of_the_answer_pass(proxy, echo):
    with connect(proxy) as client:
        assert ask(client) == ANSWER + b"hello\n"
        proxy.trouble = Trouble("cut", "to_client", after_bytes=4)
        assert ask(client, b"again\n") == ANSWER[:4], "closed in good order after four bytes"
    assert echo.received == b"hello\nagain\n", "the server got the whole request"


def test_bytes_are_counted_anew_when_trouble_begins_anew(proxy):
    proxy.trouble = Trouble("cut", "to_client", after_bytes=20)
    with connect(proxy) as client:
        assert ask(client) == ANSWER + b"hello\n"
        proxy.trouble = Trouble("cut", "to_client", after_bytes=20)
        assert ask(client) == ANSWER + b"hello\n"
        assert ask(client) == (ANSWER + b"hello\n")[:4]


def test_a_reset_request_never_reaches_the_server(proxy, echo):
    proxy.trouble = Trouble("reset", "to_server")
    with connect(proxy) as client, pytest.raises(ConnectionResetError):
        ask(client)
    assert echo.received == b""
    assert proxy.met == {"reset": 1}


def test_a_black_hole_swallows_for_the_rest_of_the_connection(proxy, echo):
    proxy.trouble = Trouble("black_hole")
    with connect(proxy, timeout_s=0.3) as client:
        with pytest.raises(TimeoutError):
            ask(client)
        proxy.trouble = None
        with pytest.raises(TimeoutError):
            ask(client)
        with connect(proxy) as other:
            assert ask(other, b"other\n") == ANSWER + b"other\n"
    assert echo.received == b"other\n"


def test_refused_are_only_new_connections(proxy):
    with connect(proxy) as old:
        assert ask(old) == ANSWER + b"hello\n"
        proxy.trouble = Trouble("refuse")
        with pytest.raises(ConnectionResetError), connect(proxy) as new:
            new.recv(1)
        assert ask(old) == ANSWER + b"hello\n"
        proxy.drop_all()
        with pytest.raises(ConnectionResetError):
            old.recv(1)


def test_a_server_that_is_down_looks_down(echo):
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    with fault_proxy(port) as proxy, pytest.raises(ConnectionResetError), connect(proxy) as client:
        client.recv(1)
