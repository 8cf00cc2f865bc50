"""A TCP proxy on 127.0.0.1 before PostgreSQL or MariaDB: it cuts around COMMIT, or delays."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from threading import Event, Lock, Thread

import sqlalchemy as sa
from sqlalchemy.pool import NullPool


class Proxy:
    """Passes everything on, until it is told to cut.

    With a delay, each message arrives so many seconds later, and many may be under way at once, as
    on a real network.

    Attributes:
        port: where it listens.
        cuts: how many connections it has cut.
        delivered: set once a COMMIT that it has cut after has been answered by the server.
    """

    def __init__(self, host: str, port: int, delay: float = 0.0) -> None:
        self.delay = delay
        self._server = (host, port)
        self._lock = Lock()
        self._cut = ""
        self._hold: Event | None = None
        self.cuts = 0
        self.delivered = Event()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        Thread(target=self._listen, daemon=True).start()

    def cut(self, when: str) -> None:
        """Cut at the next COMMIT: "before" the server sees it, "after" it, or "held" back.

        "held": the client loses its connection; the server gets COMMIT when `release` is called.
        """
        with self._lock:
            self._cut = when
            self.delivered.clear()
            self._hold = Event() if when == "held" else None

    def release(self) -> None:
        """Let the COMMIT through that was held back."""
        assert self._hold is not None
        self._hold.set()

    def close(self) -> None:
        """Stop, and close every connection."""
        self._listener.close()
        for one in self._open:
            _shut(one)

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                for one in (client, server):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._open += [client, server]
                link = _Link(self, client, server)
                Thread(target=link.up, daemon=True).start()
                Thread(target=link.down, daemon=True).start()

    def take(self) -> tuple[str, Event | None]:
        """Return how to cut the COMMIT that was just seen; the next one is passed on again."""
        with self._lock:
            when, self._cut = self._cut, ""
            self.cuts += bool(when)
            return when, self._hold


class _Link:
    """One connection through the proxy."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._silent = False

    def up(self) -> None:
        """From the client to the server."""
        with suppress(OSError):
            self._pass_on(self._client, self._to_server)
        if not self._silent:
            _shut(self._server)

    def down(self) -> None:
        """From the server to the client."""
        with suppress(OSError):
            self._pass_on(self._server, self._to_client)
        _shut(self._client)

    def _pass_on(self, source: socket.socket, to: Callable[[bytes], None]) -> None:
        line = _Line(self._proxy.delay, to) if self._proxy.delay else None
        while data := source.recv(65536):
            if line is None:
                to(data)
            else:
                line.put(data)

    def _to_server(self, data: bytes) -> None:
        when, hold = self._proxy.take() if is_commit(data) else ("", None)
        if when == "before":
            _shut(self._server)
            _shut(self._client)
            return
        if when:
            self._silent = True
        if hold is not None:
            _shut(self._client)
            hold.wait(60.0)
        self._server.sendall(data)

    def _to_client(self, data: bytes) -> None:
        if self._silent:  # the answer to COMMIT
            _shut(self._client)
            _shut(self._server)
            self._proxy.delivered.set()
            return
        self._client.sendall(data)


class _Line:
    """One direction of a connection, on which messages take a while."""

    def __init__(self, delay: float, to: Callable[[bytes], None]) -> None:
        self._delay, self._to = delay, to
        self._sent: SimpleQueue[tuple[float, bytes]] = SimpleQueue()
        Thread(target=self._deliver, daemon=True).start()

    def put(self, data: bytes) -> None:
        """Take a message, to be delivered later."""
        self._sent.put((time.perf_counter() + self._delay, data))

    def _deliver(self) -> None:
        with suppress(OSError):
            while True:
                at, data = self._sent.get()
                time.sleep(max(0.0, at - time.perf_counter()))  # the delay itself
                self._to(data)


@contextmanager
def wire(engine: sa.Engine) -> Generator[tuple[sa.Engine, Proxy]]:
    """Give one more engine for a server, whose connections go through a proxy, and the proxy."""
    assert engine.url.host is not None
    assert engine.url.port is not None
    proxy = Proxy(engine.url.host, engine.url.port)
    url = engine.url.set(host="127.0.0.1", port=proxy.port)
    through = sa.create_engine(url, poolclass=NullPool)
    through.connect().close()  # the first one asks the server what it is; MariaDB's has a COMMIT
    try:
        yield through, proxy
    finally:
        through.dispose()
        proxy.close()


def is_commit(data: bytes) -> bool:
    """Say whether a message is COMMIT.

    PostgreSQL's ends with NUL, as a plain query or as one to be parsed; MariaDB's is a packet of
    its own, which ends with the text of a query (3).
    """
    said = data.upper()
    return b"COMMIT\x00" in said or said.endswith(b"\x03COMMIT")


def _shut(one: socket.socket) -> None:
    with suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.shutdown(socket.SHUT_RDWR)
