"""Recordings for tests, made by Debian's ffmpeg; AMR by PyAV, because Debian's cannot write it."""

from __future__ import annotations

import struct
import subprocess
import zipfile
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

RATE_HZ = 48_000
WORDS = (
    "When I first came to the meeting I sat at the back and said nothing for three weeks. Nobody asked me to. "
    "Somebody gave me a cup of tea, and the next week they remembered my name. It was not a big thing. "
    "But I walked home thinking that I would come again, and I did."
)

FORMATS = {
    "aac.m4a": ["-c:a", "aac"],
    "alac.m4a": ["-c:a", "alac"],
    "adts.aac": ["-c:a", "aac", "-f", "adts"],
    "phone.mov": ["-c:a", "aac"],
    "sound.mka": ["-c:a", "libvorbis", "-ac", "2"],
    "opus.ogg": ["-c:a", "libopus", "-ar", "16000"],
    "opus.webm": ["-c:a", "libopus"],
    "live.webm": ["-c:a", "libopus", "-f", "webm", "-live", "1"],
    "u8.wav": ["-c:a", "pcm_u8", "-ar", "11025"],
    "s16.wav": ["-c:a", "pcm_s16le", "-ac", "2", "-ar", "44100"],
    "float.wav": ["-c:a", "pcm_f32le", "-ar", "96000"],
    "telephone.wav": ["-c:a", "pcm_mulaw", "-ar", "8000"],
    "studio.wav": ["-c:a", "pcm_s24le", "-ar", "192000"],
    "sound.flac": ["-c:a", "flac"],
    "sound.aiff": ["-c:a", "pcm_s16be"],
    "sound.caf": ["-c:a", "pcm_s16be"],
    "sound.ac3": ["-c:a", "ac3", "-ac", "6"],
    "sound.wma": ["-c:a", "wmav2"],
    "sound.mp3": ["-c:a", "libmp3lame", "-ar", "44100", "-ac", "2"],
    "four.wav": ["-c:a", "pcm_s16le", "-ac", "4"],
    "six.flac": ["-c:a", "flac", "-ac", "6"],
}
"""File name → how ffmpeg writes it."""

TAGS = {name: f"planted-{name}" for name in ("title", "artist", "comment", "album", "location", "encoder_settings", "lyrics")}
MARKER = b"planted-"


def ffmpeg(*options: str | Path) -> bytes:
    """Run ffmpeg quietly; what it writes to its standard output."""
    done = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *map(str, options)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def wav(path: Path, sound: NDArray[np.float64], rate_hz: int = RATE_HZ) -> Path:
    """A 16-bit WAV of these samples, from -1 to 1; one column a channel."""
    samples = np.rint(np.clip(sound, -1, 1) * 32767).astype("<i2")
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    body = samples.tobytes()
    form = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * channels * 2, channels * 2, 16)
    path.write_bytes(
        b"RIFF"
        + struct.pack("<I", 36 + len(body))
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + form
        + b"data"
        + struct.pack("<I", len(body))
        + body
    )
    return path


def tone(n_samples: int, hertz: float = 440.0, level: float = 0.3) -> NDArray[np.float64]:
    """A sine."""
    return level * np.sin(2 * np.pi * hertz * np.arange(n_samples) / RATE_HZ)


def between_marks(before: int, sound: NDArray[np.float64], after: int) -> NDArray[np.float64]:
    """A sound with so many samples before and after it: silence, and a low mark at each edge, which is therefore not cut off."""
    mark = tone(4_800, 200)
    return np.concatenate([mark, np.zeros(before - 4_800), sound, np.zeros(after - 4_800), mark])


def speech(path: Path, seconds: float, voice: str = "slt") -> Path:
    """A synthetic voice that reads `WORDS` again and again."""
    ffmpeg("-f", "lavfi", "-i", f"flite=text='{WORDS}':voice={voice}", "-t", "30", path.with_suffix(".once.wav"))
    return again(path.with_suffix(".once.wav"), path, seconds)


def again(source: Path, path: Path, seconds: float, *options: str) -> Path:
    """`source` looped to this length, written as `options` say."""
    ffmpeg("-stream_loop", "-1", "-i", source, "-t", str(seconds), *options, path)
    return path


def amr(source: Path, path: Path) -> Path:
    """`source` as AMR narrow band, in the container that the name says."""
    with av.open(str(source)) as heard, av.open(str(path), "w") as written:
        stream = written.add_stream("libopencore_amrnb", rate=8000)
        stream.codec_context.layout = "mono"
        stream.codec_context.bit_rate = 12_200
        for frame in heard.decode(audio=0):
            written.mux(stream.encode(frame))
        written.mux(stream.encode(None))
    return path


def video(source: Path, path: Path) -> Path:
    """A film with the sound of `source`."""
    ffmpeg("-f", "lavfi", "-i", "testsrc=s=160x120:r=5", "-i", source, "-shortest", "-c:v", "mpeg4", "-c:a", "aac", path)
    return path


def sphere(source: Path, path: Path) -> Path:
    """`source` as ambisonic Opus: four channels that are no loudspeakers. Source: RFC 8486 §3.1 (mapping family 2)."""
    again(source, path, 2, "-af", "aformat=channel_layouts=quad", "-c:a", "libopus", "-mapping_family", "1", "-f", "matroska")
    content = bytearray(path.read_bytes())
    content[content.index(b"OpusHead") + 18] = 2
    path.write_bytes(content)
    return path


def silent_film(path: Path) -> Path:
    """A film without sound."""
    ffmpeg("-f", "lavfi", "-i", "testsrc=s=160x120:r=5:d=2", "-c:v", "mpeg4", path)
    return path


def long_silence(path: Path, hours: int, *, says_so: bool) -> Path:
    """Hours of silence in a few hundred kilobytes of FLAC, each frame as long as a frame can be.

    Source: RFC 9639 §8.2 (STREAMINFO), §9.1 (frame header), §9.2.3 (constant subframe).
    """
    block = 65_535
    n_frames = -(-hours * 3600 * RATE_HZ // block)
    size = struct.pack(">HH", block, block) + bytes(6)
    shape = RATE_HZ << 44 | 0 << 41 | 15 << 36 | (n_frames * block if says_so else 0)
    info = size + shape.to_bytes(8) + bytes(16)
    with path.open("wb") as file:
        file.write(b"fLaC\x80" + len(info).to_bytes(3) + info)
        for number in range(n_frames):
            # Frame numbers are written as UTF-8 writes characters, but without its forbidden ones.
            head = b"\xff\xf8\x7a\x08" + chr(number).encode("utf-8", "surrogatepass") + struct.pack(">H", block - 1)
            frame = head + bytes([crc(head, 0x07, 8)]) + bytes(3)
            file.write(frame + struct.pack(">H", crc(frame, 0x8005, 16)))
    return path


def crc(content: bytes, polynomial: int, bits: int) -> int:
    """A plain cyclic redundancy check, highest bit first."""
    rest, top, mask = 0, 1 << (bits - 1), (1 << bits) - 1
    for byte in content:
        rest ^= byte << (bits - 8)
        for _ in range(8):
            rest = (rest << 1 ^ polynomial if rest & top else rest << 1) & mask
    return rest


def with_big_cover(source: Path, path: Path, megabytes: int) -> Path:
    """The MP3 `source` behind an ID3v2.3 tag whose picture has so many megabytes."""
    picture = b"\x00image/png\x00\x03planted-cover\x00" + MARKER * (megabytes * 131_072)
    frame = b"APIC" + struct.pack(">IH", len(picture), 0) + picture
    size = len(frame)
    synchsafe = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    path.write_bytes(b"ID3\x03\x00\x00" + synchsafe + frame + source.read_bytes())
    return path


def zipped(path: Path) -> Path:
    """A ZIP, whatever its name says."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("story.txt", WORDS * 200)
    return path
