"""The embedded S3: one SeaweedFS process in a folder of ours, on loopback, that never outlives us.

`weed mini` is master, volume server, filer and S3 gateway in one. Its defaults are made for trying it out,
and those that are unsafe for a station are turned off here: it reports home, listens to the world, opens its
inner ports to anybody, answers before the disk has the bytes, and makes buckets for whoever asks.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from media.errors import StoreUnavailableError
from media.objects import StoreSettings

STOP_SECONDS = 4.0
TIMER_SLACK_MS = 100
"""Measured side by side, idle: 0.8 % of a core at 0 ms, 0.5 % at 100, 0.3 % at 200. Small reads and writes are as quick
with it; large writes take 1.3 and 1.7 times as long, and starting 2 and 4 seconds longer."""
_MEMORY_LIMIT = "352MiB"
"""Go counts 230 MiB of buffers that are reserved and never touched: under a lower limit it would collect all
the time (192 MiB: 17 % of a core)."""
_SOCKET_PATH_BYTES = 100
"""A Unix socket's path must be shorter than 108 bytes on Linux and 104 on macOS."""

_INNER_PORTS = ("master", "master.grpc", "volume", "volume.grpc", "filer", "filer.grpc", "s3.grpc")
_OFF = (
    "-master.telemetry=false",
    "-admin.ui=false",
    "-webdav=false",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    "-s3.autoCreateBucket=false",
    "-s3.allowDeleteBucketNotEmpty=false",
)
_LOGS = ("-logtostderr=false", "-alsologtostderr=false", "-log_max_size_mb=2", "-log_max_files=2")
_JWT_KEYS = ("SIGNING", "SIGNING_READ", "FILER_SIGNING", "FILER_SIGNING_READ")

_WITHOUT_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""A proxy for the outer world must not stand between us and a server on this machine."""

_LAUNCHER = """\
import os, sys
parent, slack_ns, *command = sys.argv[1:]
if sys.platform == "linux":
    import ctypes
    prctl = ctypes.CDLL(None).prctl
    prctl(1, 9, 0, 0, 0)
    prctl(29, ctypes.c_ulong(int(slack_ns)), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit(1)
os.execv(command[0], command)
"""
"""Becomes the server after asking the kernel for two things that survive `exec`: PR_SET_PDEATHSIG, to be
killed when we die however we die, and PR_SET_TIMERSLACK, so that its hundred timers a second fire together."""


class Seaweed:
    """The server and its folder. Its life is tied to the thread that starts it: let that be the main one."""

    def __init__(
        self,
        data_dir: Path,
        s3_port: int = 0,
        *,
        access_key: str,
        secret_key: str,
        durable: bool = True,
        timer_slack_ms: int = TIMER_SLACK_MS,
    ) -> None:
        """Port 0 takes a free one. `durable`: what is answered is on the disk, not only in the page cache."""
        self.data_dir = data_dir.resolve()
        self.s3_port = s3_port
        self._access_key = access_key
        self._secret_key = secret_key
        self._durable = durable
        self._slack_ns = timer_slack_ms * 1_000_000
        self._process: subprocess.Popen[bytes] | None = None
        self._ports: dict[str, int] = {}
        self._environment: dict[str, str] = {}
        self._sockets: Path | None = None

    @property
    def pid(self) -> int | None:
        """The process, or None while it does not run."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def settings(self, bucket: str, public_endpoint_url: str | None = None) -> StoreSettings:
        """How `ObjectStore` reaches this server."""
        return StoreSettings(
            endpoint_url=f"http://127.0.0.1:{self.s3_port}",
            bucket=bucket,
            access_key=self._access_key,
            secret_key=self._secret_key,
            public_endpoint_url=public_endpoint_url,
        )

    def start(self) -> None:
        """Start the process; `wait_ready` says when it answers.

        Raises:
            StoreUnavailableError: this machine has no `weed`, or the port is taken.
        """
        if self.pid is not None:
            return
        weed = _weed()
        self._prepare_folder()
        self._choose_ports()
        self._environment = self._own_environment()
        launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid()), str(self._slack_ns)]
        with self._said_path.open("wb") as said:
            self._process = subprocess.Popen(
                [*launcher, weed, *self._arguments()],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd=self.data_dir,
                env=self._environment,
                # A Ctrl-C in our terminal is for us: we stop the server when nothing needs it any more.
                start_new_session=True,
            )

    def wait_ready(self, timeout_s: float = 30.0) -> None:
        """Return when the server takes writes and gives what it has kept.

        Raises:
            StoreUnavailableError: it ended, or is not ready in time.
        """
        deadline = time.monotonic() + timeout_s
        while not self._answers():
            if self.pid is None:
                raise StoreUnavailableError(f"the embedded store ended: {self._last_words()}")
            if time.monotonic() > deadline:
                raise StoreUnavailableError(f"the embedded store is not ready after {timeout_s:.0f} s")
            time.sleep(0.05)
        if self._durable:
            self._ask_for_fsync(deadline)

    def stop(self) -> None:
        """Stop within 5 s: it flushes when asked, and a kill loses no answered write either."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._sockets is not None and self._sockets != self.data_dir:
            shutil.rmtree(self._sockets, ignore_errors=True)
        self._sockets = None

    def _prepare_folder(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in ("logs", "temporary"):
            (self.data_dir / name).mkdir(exist_ok=True)
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        credentials = [{"accessKey": self._access_key, "secretKey": self._secret_key}]
        identity = {"name": "radio", "credentials": credentials, "actions": actions}
        # Without an identity the gateway is open to everybody: it is written anew at every start.
        descriptor = os.open(self._identities_path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump({"identities": [identity]}, file)
        longest = self.data_dir / "filer.sock"
        fits = len(os.fsencode(longest)) < _SOCKET_PATH_BYTES
        self._sockets = self.data_dir if fits else Path(tempfile.mkdtemp(prefix="radio-s3-"))

    def _choose_ports(self) -> None:
        """The ports of last time while they are free, since the server keeps state under their numbers.

        A taken port is found here, because the server would silently take another.
        """
        path = self.data_dir / "ports.json"
        before = json.loads(path.read_bytes()) if path.exists() else {}
        with ExitStack() as held:
            for name in _INNER_PORTS:
                self._ports[name] = _hold_port(held, before.get(name, 0))
            outer = _hold_port(held, self.s3_port)
        if self.s3_port not in {0, outer}:
            raise StoreUnavailableError(f"port {self.s3_port} is taken")
        self.s3_port = outer
        path.write_text(json.dumps(self._ports))

    def _own_environment(self) -> dict[str, str]:
        """Nothing of ours is inherited: `weed` would take S3, AWS and error-reporting settings from there.

        Only this process needs the keys of its inner ports, so they are new at every start.
        """
        keys = {f"WEED_JWT_{name}_KEY": secrets.token_hex(32) for name in _JWT_KEYS}
        place = {"HOME": str(self.data_dir), "TMPDIR": str(self.data_dir / "temporary")}
        return {"PATH": os.defpath, "GOMEMLIMIT": _MEMORY_LIMIT, **place, **keys}

    def _arguments(self) -> list[str]:
        ports = [
            f"-{name.split('.')[0]}.port{'.grpc' if name.endswith('.grpc') else ''}={port}" for name, port in self._ports.items()
        ]
        return [
            *_LOGS,
            f"-logdir={self.data_dir / 'logs'}",
            "mini",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            f"-dir={self.data_dir}",
            f"-s3.port={self.s3_port}",
            *ports,
            *_OFF,
            f"-s3.config={self._identities_path}",
            f"-filer.localSocket={self._sockets}/filer.sock",
            f"-s3.localSocket={self._sockets}/s3.sock",
        ]

    def _answers(self) -> bool:
        return self._gateway_answers() and self._knows_its_volumes()

    def _knows_its_volumes(self) -> bool:
        """Whether the master has heard which volumes there are: until then the gateway answers reads with 500.

        It hears it at once, or five seconds later when it had no leader yet.
        """
        try:
            kept = _told(self._ports["volume"], "/status")["Volumes"]
            centers = _told(self._ports["master"], "/dir/status")["Topology"]["DataCenters"]
        except (OSError, ValueError):
            return False
        nodes = [node for center in centers or () for rack in center["Racks"] for node in rack["DataNodes"]]
        return bool(nodes) and sum(node["Volumes"] for node in nodes) >= len(kept or ())

    def _gateway_answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.s3_port, timeout=1)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status < 500
        except OSError:
            return False
        finally:
            connection.close()

    def _ask_for_fsync(self, deadline: float) -> None:
        """The rule is kept by the filer, so once is enough for the life of the folder."""
        marker = self.data_dir / "fsync-is-on"
        if marker.exists():
            return
        said = subprocess.run(
            [_weed(), "shell", f"-master={self._server('master')}", f"-filer={self._server('filer')}"],
            input=b"fs.configure -locationPrefix=/buckets/ -fsync -apply\n",
            capture_output=True,
            check=False,
            cwd=self.data_dir,
            env=self._environment,
            timeout=max(1.0, deadline - time.monotonic()),
        )
        if b'"fsync":' not in said.stdout.replace(b" ", b""):
            raise StoreUnavailableError("the embedded store would not turn fsync on")
        marker.touch()

    def _server(self, name: str) -> str:
        """An address as SeaweedFS writes it when the gRPC port is not the HTTP port + 10000."""
        return f"127.0.0.1:{self._ports[name]}.{self._ports[name + '.grpc']}"

    def _last_words(self) -> str:
        return self._said_path.read_bytes()[-400:].decode(errors="replace").strip()

    @property
    def _said_path(self) -> Path:
        return self.data_dir / "logs" / "said.txt"

    @property
    def _identities_path(self) -> Path:
        return self.data_dir / "identities.json"


def _weed() -> str:
    """The server's program: beside our own interpreter first."""
    places = [sysconfig.get_path("scripts"), str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    found = shutil.which("weed", path=os.pathsep.join(places))
    if found is None:
        raise StoreUnavailableError("there is no embedded store for this machine: bring an S3 of your own")
    return found


def _told(port: int, path: str, timeout_s: float = 1.0) -> Any:
    """What one of the server's inner parts says of itself."""
    with _WITHOUT_PROXY.open(f"http://127.0.0.1:{port}{path}", timeout=timeout_s) as answer:
        return json.load(answer)


def _hold_port(held: ExitStack, wanted: int) -> int:
    """The wanted loopback port, or a free one when it is taken, bound until `held` lets go."""
    holder = held.enter_context(socket.socket())
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        holder.bind(("127.0.0.1", wanted))
    except OSError:
        holder.bind(("127.0.0.1", 0))
    return int(holder.getsockname()[1])


def compact(data_dir: Path) -> None:
    """Have the embedded server of this folder write its volumes anew without what was deleted: it only ever appends.

    Nothing happens where no such server has run. A deletion needs some seconds to reach the volumes.

    Raises:
        StoreUnavailableError: the server does not answer.
    """
    ports = data_dir / "ports.json"
    if not ports.is_file():
        return
    master = json.loads(ports.read_text())["master"]
    try:
        _told(master, "/vol/vacuum?garbageThreshold=0.0000001", timeout_s=600)
    except (OSError, ValueError) as error:
        raise StoreUnavailableError("the embedded store does not tidy up") from error
