"""What a child gives up before it touches a stranger's file: Linux's own means, each used where the kernel has it."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000

# Source: linux/landlock.h; the three calls have the same numbers on every architecture.
_LANDLOCK_CREATE_RULESET = 444
_LANDLOCK_ADD_RULE = 445
_LANDLOCK_RESTRICT_SELF = 446
_LANDLOCK_VERSION = 1
_LANDLOCK_PATH_BENEATH = 1
_WRITE_FILE, _READ_FILE, _READ_DIR, _REMOVE_FILE, _MAKE_REG, _TRUNCATE = (
    1 << 1,
    1 << 2,
    1 << 3,
    1 << 5,
    1 << 8,
    1 << 14,
)
_ACCESS_BY_VERSION = ((1, (1 << 13) - 1), (2, 1 << 13), (3, _TRUNCATE), (5, 1 << 15))
_NET_VERSION, _NET_ALL = 4, 0b11
_SCOPE_VERSION, _SCOPE_ALL = 6, 0b11


@dataclass(frozen=True, slots=True)
class Limits:
    """What one child may use."""

    memory_bytes: int = 1 << 30
    """Of address space; what is really used stays under a quarter of it."""
    cpu_s: int = 3_600
    file_bytes: int = 5 << 30
    """Of its biggest file: 12 hours of samples are 4.2 GB."""
    open_files: int = 64
    quiet_s: float = 300.0
    """It is stopped when it has said nothing for so long."""


def limit(limits: Limits, parent: int) -> None:
    """Take the limits for this process, and die with `parent`, whose process id it is. Cannot be undone."""
    for kind, most in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    os.nice(10)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)  # it had died before we asked to be told


def leave_network() -> bool:
    """Move into a network of our own, in which there is nothing; False where the kernel does not allow it."""
    if sys.platform != "linux":
        return False
    flags = _CLONE_NEWNET if os.geteuid() == 0 else _CLONE_NEWUSER | _CLONE_NEWNET
    return int(_libc().unshare(flags)) == 0


def keep_only(folder: Path) -> bool:
    """Open nothing from now on but files in `folder`, connect nowhere, signal nobody; False without Landlock.

    What is open already stays open. Source: Documentation/userspace-api/landlock.rst of the kernel.
    """
    if sys.platform != "linux":
        return False
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_DUMPABLE, 0)
    version = _libc().syscall(_LANDLOCK_CREATE_RULESET, None, 0, _LANDLOCK_VERSION)
    if version < 1:
        return False
    handled = sum(bits for since, bits in _ACCESS_BY_VERSION if version >= since)
    wanted = struct.pack(
        "QQQ",
        handled,
        _NET_ALL if version >= _NET_VERSION else 0,
        _SCOPE_ALL if version >= _SCOPE_VERSION else 0,
    )
    size_bytes = 8 if version < _NET_VERSION else 16 if version < _SCOPE_VERSION else 24
    ruleset = _libc().syscall(_LANDLOCK_CREATE_RULESET, wanted, size_bytes, 0)
    if ruleset < 0:
        return False
    beneath = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    allowed = handled & (_WRITE_FILE | _READ_FILE | _READ_DIR | _REMOVE_FILE | _MAKE_REG | _TRUNCATE)
    rule = struct.pack("=Qi", allowed, beneath)
    done = int(_libc().syscall(_LANDLOCK_ADD_RULE, ruleset, _LANDLOCK_PATH_BENEATH, rule, 0)) == 0
    done = done and int(_libc().syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0)) == 0
    os.close(beneath)
    os.close(ruleset)
    return done


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        _libc().prctl(option, value, 0, 0, 0)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
