"""A web process of its own for tests and benches: `python -m tests.web_process PORT EMERGENCY_FOLDER`, settings from the environment."""

from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402
from pathlib import Path  # noqa: E402

from radio import serve  # noqa: E402
from radio.channel import loop  # noqa: E402
from radio.settings import Settings  # noqa: E402

if __name__ == "__main__":
    loop.FOLDER = Path(sys.argv[2])
    serve.run(Settings.from_env(), f"127.0.0.1:{sys.argv[1]}")
