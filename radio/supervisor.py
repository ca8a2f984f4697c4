"""Children of one parent: started, watched, started again, stopped; and they die when the parent is killed."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from media.errors import StoreUnavailableError
from media.seaweed import Seaweed

LOOK_EVERY_S = 0.5
STOP_WITHIN_S = 5.5
"""Web and worker; the store comes after them and has four seconds of its own."""
_STEADY_S = 60.0
_LONGEST_PAUSE_S = 30.0
_PR_SET_PDEATHSIG = 1

_OURS = str(Path(__file__).resolve().parent.parent)

Say = Callable[[str], None]


class StopAskedError(BaseException):
    """Somebody asked the parent to stop. Raised by the signal handler, wherever the parent stands."""


def listen_for_stop() -> None:
    """TERM, INT and HUP raise StopAskedError once; later ones are ignored while we stop."""

    def ask(_number: int, _frame: object) -> None:
        ignore_stop()
        raise StopAskedError

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, ask)


def ignore_stop() -> None:
    """From here on only KILL ends us early."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _tied_to_us() -> Callable[[], None] | None:
    """What a child does between fork and exec: asks the kernel to be killed when we die, however we die.

    Killed, not asked: nothing is lost by it, and who starts the station again at once finds its port free.
    """
    if sys.platform != "linux":
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return tie


def start(arguments: Sequence[str], *, pass_fds: Sequence[int] = (), stdout: int | None = None) -> subprocess.Popen[str]:
    """Start `radio …` with this interpreter, in a session of its own: a Ctrl-C in our terminal is for us."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "radio", *arguments], stdin=subprocess.DEVNULL, stdout=stdout, text=True, pass_fds=pass_fds,
        env={**os.environ, "PYTHONPATH": _OURS, "MALLOC_ARENA_MAX": "2"},
        start_new_session=True, preexec_fn=_tied_to_us(),  # noqa: PLW1509  we have one thread
    )  # fmt: skip


class Part:
    """One process that the station needs."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._started_s = 0.0
        self._again_s: float | None = None
        self._pause_s = 1.0

    def start(self) -> None:
        """Start it."""
        self._started_s, self._again_s = time.monotonic(), None
        self._begin()

    def watch(self, say: Say) -> None:
        """Start it again when it has died: after a second, then after twice as long each time, at most half a minute."""
        now_s = time.monotonic()
        if self._again_s is not None:
            if now_s >= self._again_s:
                say(f"The {self.name} is started again.")
                self.start()
        elif not self.alive():
            if now_s - self._started_s > _STEADY_S:
                self._pause_s = 1.0
            say(f"The {self.name} has ended ({self._how()}); it is started again in {self._pause_s:.0f} s.")
            self._again_s = now_s + self._pause_s
            self._pause_s = min(_LONGEST_PAUSE_S, self._pause_s * 2)

    def alive(self) -> bool:
        """Whether it runs."""
        raise NotImplementedError

    def ask_to_stop(self) -> None:
        """Ask, and do not wait."""
        raise NotImplementedError

    def stop(self, within_s: float) -> None:
        """Wait for its end; kill it when that takes too long."""
        raise NotImplementedError

    def _begin(self) -> None:
        raise NotImplementedError

    def _how(self) -> str:
        raise NotImplementedError


class Process(Part):
    """A `radio …` command."""

    def __init__(self, name: str, arguments: Sequence[str], pass_fds: Sequence[int] = ()) -> None:
        super().__init__(name)
        self._arguments, self._pass_fds = arguments, pass_fds
        self._process: subprocess.Popen[str] | None = None

    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def ask_to_stop(self) -> None:
        """Send TERM."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def stop(self, within_s: float) -> None:
        """Wait for its end; kill it and what it has started when that takes too long."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, within_s))
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _begin(self) -> None:
        self._process = start(self._arguments, pass_fds=self._pass_fds)

    def _how(self) -> str:
        code = self._process.returncode if self._process is not None else 0
        return f"signal {-code}" if code < 0 else f"exit {code}"


class Store(Part):
    """The embedded S3."""

    def __init__(self, seaweed: Seaweed) -> None:
        super().__init__("store")
        self._seaweed = seaweed

    def alive(self) -> bool:
        """Whether it runs."""
        return self._seaweed.pid is not None

    def wait_ready(self) -> None:
        """Wait until it takes writes.

        Raises:
            StoreUnavailableError: it does not.
        """
        self._seaweed.wait_ready()

    def ask_to_stop(self) -> None:
        """Nothing: it goes last, when nobody needs it any more."""

    def stop(self, within_s: float) -> None:  # noqa: ARG002
        """Stop it, within its own four seconds."""
        self._seaweed.stop()

    def _begin(self) -> None:
        self._seaweed.start()

    def _how(self) -> str:
        return "see store/logs"


class Supervisor:
    """All parts of the station."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._parts: list[Part] = []

    def add(self, part: Part) -> None:
        """Start a part and watch it from now on."""
        part.start()
        self._parts.append(part)

    def watch(self, until: Callable[[], bool] = lambda: False, *, within_s: float = float("inf")) -> bool:
        """Keep every part alive until `until` holds; False: it did not within `within_s`."""
        end_s = time.monotonic() + within_s
        while not until():
            if time.monotonic() > end_s:
                return False
            for part in self._parts:
                try:
                    part.watch(self._say)
                except (OSError, StoreUnavailableError) as error:
                    self._say(f"The {part.name} cannot be started: {error}")
            time.sleep(LOOK_EVERY_S if within_s == float("inf") else 0.1)
        return True

    def stop(self) -> None:
        """Stop every part within ten seconds, the newest first."""
        for part in self._parts:
            part.ask_to_stop()
        end_s = time.monotonic() + STOP_WITHIN_S
        for part in reversed(self._parts):
            part.stop(end_s - time.monotonic())
