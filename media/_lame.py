"""LAME at full speed.

The LAME inside PyAV's wheels is compiled without optimisation and takes three times as long as the whole of the other
work. The wheel of `lameenc` carries a well-built one, whose binding cannot switch the reservoir off; the library in it
can. Where its symbols are not to be seen, `encoder` is None and PyAV's own does the same work slowly.
"""

from __future__ import annotations

import ctypes
from functools import cache

import lameenc
import numpy as np
from numpy.typing import NDArray

from media.grid import SAMPLE_RATE_HZ

OWN_SCALE = 0.95
"""LAME turns everything down by this at every bitrate we use; we have set the loudness already and take it back."""
_MONO = 3
_QUALITY = 3


class LameEncoder:
    """A mono MP3 encoder, constant bitrate, no reservoir, no Xing frame."""

    def __init__(self, library: ctypes.CDLL, bitrate_kbps: int) -> None:
        self._library = library
        self._handle = ctypes.c_void_p(library.lame_init())
        for option, setting in (
            ("in_samplerate", SAMPLE_RATE_HZ),
            ("out_samplerate", SAMPLE_RATE_HZ),
            ("num_channels", 1),
            ("mode", _MONO),
            ("VBR", 0),
            ("brate", bitrate_kbps),
            ("quality", _QUALITY),
            ("disable_reservoir", 1),
            ("bWriteVbrTag", 0),
        ):
            _succeed(getattr(library, f"lame_set_{option}")(self._handle, setting))
        _succeed(library.lame_set_scale(self._handle, ctypes.c_float(1 / OWN_SCALE)))
        _succeed(library.lame_init_params(self._handle))

    def encode(self, sound: NDArray[np.float32]) -> list[bytes]:
        """The bytes that are ready after `sound`, samples from -1 to 1."""
        sound = np.ascontiguousarray(sound, np.float32)
        room = ctypes.create_string_buffer(sound.size * 5 // 4 + 7200)  # lame.h asks for this much
        samples = sound.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        size_bytes = self._library.lame_encode_buffer_ieee_float(self._handle, samples, samples, sound.size, room, len(room))
        _succeed(min(size_bytes, 0))
        return [room.raw[:size_bytes]]

    def __del__(self) -> None:
        self._library.lame_close(self._handle)


def encoder(bitrate_kbps: int) -> LameEncoder | None:
    """A fast encoder, or None where the library cannot be reached."""
    library = _library()
    return LameEncoder(library, bitrate_kbps) if library else None


@cache
def _library() -> ctypes.CDLL | None:
    library = ctypes.CDLL(lameenc.__file__)
    if not hasattr(library, "lame_set_disable_reservoir"):
        return None
    library.lame_init.restype = ctypes.c_void_p
    return library


def _succeed(answer: int) -> None:
    if answer != 0:
        raise RuntimeError(f"LAME answered {answer}")
