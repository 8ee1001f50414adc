"""A client that costs little of the processor it shares with the server: one kept-alive connection to one address.

`http.client` takes half a millisecond for a request and its answer, most of it for parsing headers nobody reads.
"""

import re
import socket
from collections.abc import Mapping

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


class Client:
    """Asks one address of a server on this machine that names the length of its answers."""

    def __init__(self, port: int, path: str, headers: Mapping[str, str]) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lines = [f"Host: 127.0.0.1:{port}", *(f"{name}: {headers[name]}" for name in headers)]
        self._path, self._headers = path.encode(), "\r\n".join(lines).encode()

    def post(self, body: bytes) -> tuple[int, bytes]:
        """Status and body of the answer."""
        length = b"Content-Length: %d\r\n\r\n" % len(body)
        self._socket.sendall(b"POST %b HTTP/1.1\r\n%b\r\n%b%b" % (self._path, self._headers, length, body))
        head, content = self._answer()
        return int(head[9:12]), content

    def get(self, query: str) -> tuple[int, bytes, int]:
        """Status and body of the answer, and how many bytes travelled, headers and all."""
        self._socket.sendall(b"GET %b?%b HTTP/1.1\r\n%b\r\n\r\n" % (self._path, query.encode(), self._headers))
        head, content = self._answer()
        return int(head[9:12]), content, len(head) + len(content)

    def _answer(self) -> tuple[bytes, bytes]:
        got = bytearray()
        while (end := got.find(b"\r\n\r\n")) < 0:
            got += self._more()
        found = _LENGTH.search(got, 0, end + 2)
        if found is None:
            raise SystemExit(f"an answer without its length: {got[:300]!r}")
        whole = end + 4 + int(found[1])
        while len(got) < whole:
            got += self._more()
        return bytes(got[: end + 4]), bytes(memoryview(got)[end + 4 : whole])

    def _more(self) -> bytes:
        received = self._socket.recv(1 << 18)
        if not received:
            raise SystemExit("the server hung up")
        return received
