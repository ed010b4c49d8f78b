"""A network printer made of software: it takes cards as real ones do, and has their faults."""

import socket
import threading
from typing import Literal, Self

Fault = Literal["reset", "stuck", "half", "full", "deaf", "mute"]


class VirtualPrinter:
    """Listens on loopback and keeps what it prints.

    ``faults`` says for each connection, in turn, what happens to it: ``reset`` drops it unread, ``half`` after the
    first bytes, ``stuck`` takes nothing more until the connection ends; ``full`` takes the first bytes and goes on once
    :meth:`refill` was called; ``mute`` ends its own side at once and prints what comes, ``deaf`` does likewise and
    takes nothing. ``None``, and each later one, is printed. What ends in a reset is not printed, it is ``torn``.
    """

    def __init__(self, *faults: Fault | None, port: int = 0) -> None:
        self.printed: list[bytes] = []
        self.torn: list[bytes] = []
        self._faults = list(faults)
        self._listener = socket.create_server(("127.0.0.1", port))
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._thread = threading.Thread(target=self._serve)
        self._stopping = threading.Event()
        self._refilled = threading.Event()

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"

    def refill(self) -> None:
        """Put paper in: a full printer goes on."""
        self._refilled.set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self._take(connection, self._faults.pop(0) if self._faults else None)

    def _take(self, connection: socket.socket, fault: Fault | None) -> None:
        card = bytearray()
        if fault in {"mute", "deaf"}:
            connection.shutdown(socket.SHUT_WR)
        if fault in {"stuck", "deaf"}:
            self._stopping.wait(20)
            return
        if fault == "full":
            card += connection.recv(1000)
            self._refilled.wait(20)
        if fault in {"reset", "half"}:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # close is a reset
            if fault == "half":
                self.torn.append(connection.recv(1000))
            return
        try:
            while data := connection.recv(65536):
                card += data
        except ConnectionResetError:
            self.torn.append(bytes(card))
        else:
            self.printed.append(bytes(card))
