"""What is written down of an outage that every listener meets."""

from __future__ import annotations

import logging

from radio.logs import Seldom


def record(words: str, *args: object) -> logging.LogRecord:
    return logging.LogRecord("radio.channel", logging.WARNING, __file__, 1, words, args, None)


def test_the_same_words_are_written_once_a_minute_and_then_with_how_often_they_were_not() -> None:
    seconds = iter([0, 1, 2, 30, 59, 60, 61])
    seldom = Seldom(lambda: next(seconds))
    away = [record("block %d is not to be had", 4) for _ in range(3)]
    assert [seldom.filter(one) for one in away] == [True, False, False]
    assert seldom.filter(record("block %d is not to be had", 5)), "another fact"
    assert not seldom.filter(record("block %d is not to be had", 4))
    later = record("block %d is not to be had", 4)
    assert seldom.filter(later)
    assert later.getMessage() == "block 4 is not to be had (3 times more since)"
    assert not seldom.filter(record("block %d is not to be had", 4))


def test_what_is_remembered_does_not_grow_for_ever() -> None:
    seldom = Seldom(lambda: 0.0)
    assert all(seldom.filter(record("recording %d", number)) for number in range(5_000))
    assert len(seldom._said) <= 1_000
