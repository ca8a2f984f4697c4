"""The child of the sandbox: gives up what it does not need, then works on one recording and tells how it goes."""

from __future__ import annotations

import errno
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from media.confine import Limits, keep_only, leave_network, limit
from media.errors import MediaError, Refusal, RefusedAudioError
from media.profiles import Profile

_STEPS = 200
"""How many times at the most a child tells its progress."""


def main(source: int, order: dict[str, Any]) -> None:
    """Work on the open file `source` in the current folder."""
    limit(Limits(**order["limits"]), order["parent"])
    leave_network()
    # FFmpeg is loaded within the limits, and before the folder closes around us.
    from media import encode, pipeline, probe  # noqa: F401

    folder = Path.cwd()
    keep_only(folder)
    with os.fdopen(source, "rb", buffering=0) as file:
        try:
            ingested = pipeline.make(
                file,
                folder,
                Path(order["scratch"]),
                profiles=tuple(Profile(**profile) for profile in order["profiles"]),
                max_length_ms=order["max_length_ms"],
                on_progress=_Telling(),
            )
        except RefusedAudioError as error:
            _tell(refused=error.code, detail=error.detail)
        except MemoryError:
            _tell(refused=Refusal.TOO_COSTLY, detail="memory")
        except OSError as error:
            if error.errno == errno.EFBIG:
                _tell(refused=Refusal.TOO_COSTLY, detail="disk")
            else:
                _tell(failed=f"errno {error.errno}")
        except MediaError as error:
            _tell(failed=str(error))
        else:
            _tell(ingested=asdict(ingested))


class _Telling:
    """Tells of progress, but not of every little step."""

    def __init__(self) -> None:
        self._told = -1

    def __call__(self, part: float) -> None:
        step = int(part * _STEPS)
        if step > self._told:
            self._told = step
            _tell(progress=round(part, 4))


def _tell(**words: object) -> None:
    sys.stdout.write(json.dumps(words, default=str) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), json.loads(sys.argv[2]))
