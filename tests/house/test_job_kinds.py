"""Whoever asks for work finds somebody who does it."""

from __future__ import annotations

import ast
from pathlib import Path

from radio.jobs.registry import CRAFTS
from radio.worker import import_tasks

ROOMS = Path(__file__).resolve().parents[2] / "radio"


def asked_for() -> set[str]:
    """Every kind that is written as a literal in a call of `enqueue`."""
    calls = (node for path in ROOMS.rglob("*.py") for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    named = (call for call in calls if (getattr(call.func, "id", None) or getattr(call.func, "attr", None)) == "enqueue")
    return {argument.value for call in named for argument in call.args[1:2] if isinstance(argument, ast.Constant)}


def test_every_kind_of_work_that_is_asked_for_has_a_handler() -> None:
    import_tasks()

    assert asked_for() <= set(CRAFTS), "declare the handler in a room's tasks.py, and name the room in radio/worker.py"


def test_work_that_nobody_asks_for_is_periodic() -> None:
    import_tasks()

    assert {kind for kind, craft in CRAFTS.items() if craft.every is None} <= asked_for()
