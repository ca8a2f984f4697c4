"""A connection that goes where it was looked whether it may go."""

from __future__ import annotations

import http.client
import socket
import ssl

from radio.web.addresses import Place


class _Final(http.client.HTTPResponse):
    """The answer itself: what a server says before it (103 Early Hints and such) is read and let go. Source: RFC 9110 §15.2."""

    def _read_status(self) -> tuple[str, int, str]:
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 102 <= status < 200:
                return version, status, reason
            http.client.parse_headers(self.fp)


class Pinned(http.client.HTTPConnection):
    """A connection to addresses that were checked; the name is only spoken, never resolved again."""

    response_class = _Final

    def __init__(self, where: Place, addresses: list[str], patience_s: float) -> None:
        super().__init__(where.host, where.port, timeout=patience_s)
        if where.tls:
            self.default_port = 443  # what is left out of `Host`
        self._where, self._addresses = where, addresses
        self.sock: socket.socket | None = None

    def connect(self) -> None:
        """Connect to the first address that answers."""
        failure: OSError | None = None
        for address in self._addresses[:4]:
            try:
                sock = socket.create_connection((address, self._where.port), self.timeout)
            except OSError as error:
                failure = error
                continue
            self.sock = sock  # so that `cut` reaches it while it shakes hands
            if self._where.tls:
                self.sock = ssl.create_default_context().wrap_socket(sock, server_hostname=self._where.host)
            return
        raise failure or OSError("no address")

    def cut(self) -> None:
        """End it from another thread."""
        if self.sock is not None:
            try:
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return
