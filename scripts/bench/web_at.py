"""A web process whose clock the bench holds: `web_at.py PORT EMERGENCY_FOLDER CLOCK_FILE`, the clock being 8 bytes of milliseconds."""

from gevent import monkey

monkey.patch_all()

import mmap  # noqa: E402
import sys  # noqa: E402
from datetime import datetime  # noqa: E402
from pathlib import Path  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from radio import serve  # noqa: E402
from radio.channel import loop  # noqa: E402
from radio.core.time import from_unix_ms  # noqa: E402
from radio.settings import Settings  # noqa: E402


class HeldClock:
    """Says what the bench has written."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._map = mmap.mmap(self._file.fileno(), 8, access=mmap.ACCESS_READ)

    def unix_ms(self) -> int:
        """Milliseconds since the Unix epoch."""
        return int.from_bytes(self._map[:8], "big")

    def now(self) -> datetime:
        """The same as an instant."""
        return from_unix_ms(self.unix_ms())


if __name__ == "__main__":
    loop.FOLDER = Path(sys.argv[2])
    clock = HeldClock(Path(sys.argv[3]))
    serve.open_clock = lambda _settings: clock
    serve.run(Settings.from_env(), f"127.0.0.1:{sys.argv[1]}")
