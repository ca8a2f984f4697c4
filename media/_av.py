"""The only door to FFmpeg.

A source is an open file without a name: what it is, is found by content alone. Only sound containers are allowed, so a
playlist, a script of files or a subtitle in disguise opens nothing; and no second file can be opened from within one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import BinaryIO, cast

import av
import av.error
import av.subtitles.stream
import av.video.stream
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from numpy.typing import NDArray

from media.grid import SAMPLE_RATE_HZ

av.logging.set_level(None)

FFmpegError = av.error.FFmpegError
"""Whatever FFmpeg refuses, as an exception."""

_CONTAINERS = (
    "mp3,aac,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,ogg,wav,w64,flac,aiff,asf,amr,amrnb,amrwb,caf,ac3,eac3,"
    "ape,wv,tta,au,avi,flv,mpegts,mpeg"
)
_OPENING = {
    "format_whitelist": _CONTAINERS,
    "protocol_whitelist": "file",
    "probesize": "5000000",
    "analyzeduration": "10000000",
    "max_streams": "64",
}
_READ_BYTES = 1 << 17
_BLOCK_SAMPLES = 2 * SAMPLE_RATE_HZ


class BadPacketsError(Exception):
    """Most of what the container holds cannot be decoded."""


@contextmanager
def opened(file: BinaryIO) -> Iterator[InputContainer]:
    """The container in `file`, found by content.

    Raises:
        FFmpegError: no container we allow, or one that cannot be read.
    """
    with av.open(file, mode="r", options=_OPENING, metadata_errors="ignore", buffer_size=_READ_BYTES) as container:
        yield container


def sound_stream(container: InputContainer) -> AudioStream | None:
    """The stream a player would choose; None when there is no sound."""
    stream = container.streams.best("audio")
    return stream if isinstance(stream, AudioStream) else None


def has_pictures_that_move(container: InputContainer) -> bool:
    """Whether there is video; cover art is not."""
    still = Disposition.attached_pic | Disposition.still_image
    return any(not stream.disposition & still for stream in container.streams.video)


def mono_blocks(container: InputContainer, stream: AudioStream) -> Iterator[NDArray[np.int16]]:
    """The sound of `stream`: mono, 48 kHz, 16 bits, in blocks of two seconds; the last is shorter.

    A packet that cannot be decoded is left out. A change of rate, layout or format in the middle is followed.

    Raises:
        BadPacketsError: more packets were bad than good.
    """
    stream.codec_context.thread_count = 1
    resampler, shape = _resampler(), None
    for received in _frames(container, stream):
        frame = _omnidirectional(received) if received.layout.name.startswith("ambisonic") else received
        frame.pts = None
        seen = (frame.sample_rate, frame.layout.name, frame.format.name)
        if seen != shape:
            if shape is not None:
                yield from _arrays(resampler.resample(None))
            resampler, shape = _resampler(), seen
        yield from _arrays(resampler.resample(frame))
    if shape is not None:
        yield from _arrays(resampler.resample(None))


def _frames(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    good = bad = 0
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            break
        except FFmpegError as error:
            if isinstance(error, MemoryError):
                raise
            bad += 1
            break  # what came before is all there is
        try:
            frames = packet.decode()
        except FFmpegError as error:
            if isinstance(error, MemoryError):
                raise
            bad += 1
            continue
        good += 1
        yield from frames
    if bad > good:
        raise BadPacketsError(f"{bad} of {bad + good} packets are bad")


def _omnidirectional(frame: AudioFrame) -> AudioFrame:
    """The first channel of sound from a sphere, which hears all around. Source: RFC 8486 §3.1 (channel 0 is W)."""
    channels = len(frame.layout.channels)
    sound = frame.to_ndarray()
    first = np.ascontiguousarray(sound[:1] if frame.format.is_planar else sound[:, ::channels])
    mono = AudioFrame.from_ndarray(cast("NDArray[np.float32]", first), format=frame.format.name, layout="mono")
    mono.sample_rate = frame.sample_rate
    return mono


def _resampler() -> AudioResampler:
    return AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE_HZ, frame_size=_BLOCK_SAMPLES)


def _arrays(frames: list[AudioFrame]) -> Iterator[NDArray[np.int16]]:
    for frame in frames:
        yield cast("NDArray[np.int16]", frame.to_ndarray()[0])


class _Encoder:
    """A mono encoder that gives the packets of each block of sound."""

    def __init__(self, codec: str, sample_format: str, bitrate_kbps: int, options: dict[str, str]) -> None:
        context = cast("AudioCodecContext", av.CodecContext.create(codec, "w"))
        context.sample_rate = SAMPLE_RATE_HZ
        context.layout = "mono"
        context.format = sample_format
        context.bit_rate = bitrate_kbps * 1000
        context.thread_count = 1
        context.time_base = Fraction(1, SAMPLE_RATE_HZ)
        context.options = options
        context.open()
        self._context, self._format, self._position = context, sample_format, 0

    def encode(self, sound: NDArray[np.float32]) -> list[bytes]:
        """The packets that are ready after `sound`, samples from -1 to 1."""
        frame = AudioFrame.from_ndarray(sound.reshape(1, -1), format=self._format, layout="mono")
        frame.sample_rate = SAMPLE_RATE_HZ
        frame.pts = self._position
        frame.time_base = Fraction(1, SAMPLE_RATE_HZ)
        self._position += frame.samples
        return [bytes(packet) for packet in self._context.encode(frame)]

    @property
    def header(self) -> bytes:
        """What the codec says of itself, such as an `OpusHead`."""
        return self._context.extradata or b""


def opus_encoder(bitrate_kbps: int) -> _Encoder:
    """Opus with hard constant bitrate: every packet of 20 ms has the same size."""
    options = {"application": "audio", "frame_duration": "20", "vbr": "off", "compression_level": "5"}
    return _Encoder("libopus", "flt", bitrate_kbps, options)


def mp3_encoder(bitrate_kbps: int) -> _Encoder:
    """MP3 without a reservoir: every frame has the same size and stands alone."""
    return _Encoder("libmp3lame", "fltp", bitrate_kbps, {"reservoir": "0", "compression_level": "3"})
