from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from media import keys

DIGEST = hashlib.sha256(b"sound").hexdigest()


def test_a_key_says_nothing_but_what_kind_of_content_it_is() -> None:
    assert keys.rendition(DIGEST, "mp3") == f"renditions/{DIGEST[:2]}/{DIGEST}.mp3"
    assert keys.peaks(DIGEST) == f"peaks/{DIGEST[:2]}/{DIGEST}.bin"
    assert keys.artwork(DIGEST, 1400, "jpg") == f"artwork/{DIGEST[:2]}/{DIGEST}-1400.jpg"


def test_only_what_was_uploaded_is_private() -> None:
    assert keys.is_private(keys.original("0198c0de"))
    assert not keys.is_private(keys.rendition(DIGEST, "mp3"))


@pytest.mark.parametrize("upload_id", ["", "../renditions/x", "a/b", ".hidden", "a b", "ü"])
def test_an_upload_cannot_reach_out_of_its_folder(upload_id: str) -> None:
    with pytest.raises(ValueError):
        keys.original(upload_id)


@pytest.mark.parametrize("digest", ["", "abc", DIGEST.upper(), DIGEST + "0", "../" + DIGEST[3:]])
def test_only_a_hash_names_content(digest: str) -> None:
    with pytest.raises(ValueError):
        keys.rendition(digest, "mp3")


def test_the_same_content_has_the_same_name(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"sound")

    assert keys.sha256_of(path) == DIGEST
