"""A connection to PostgreSQL that does not wait for ever: a frozen server, or a line that was cut, leaves sockets open and says nothing."""

from __future__ import annotations

from typing import Any

from psycopg import Connection, OperationalError


class Patient(Connection[Any]):
    """Gives up, and is closed, when an answer takes longer than `answer_within_s`."""

    answer_within_s: float | None = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """As the library does, with an end.

        Raises:
            OperationalError: nothing was said in time, or the server refuses.
        """
        try:
            return super().wait(gen, interval, timeout or self.answer_within_s)
        except OperationalError as error:
            if error.sqlstate is None:  # not the server's words: what it would say later answers nothing that is asked then
                self.close()
            raise
