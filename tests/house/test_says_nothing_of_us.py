"""The project speaks of itself alone: no machine's path, no registry's host, no secret in a file."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FORBIDDEN = re.compile(
    r"/work/|/root/|/home/[a-z]+/|files\.pythonhosted|pypi\.org/simple|registry\.npmjs|-----BEGIN (?:RSA |EC )?PRIVATE KEY|AKIA[0-9A-Z]{16}"
)
TEXT = {".py", ".md", ".toml", ".html", ".css", ".js", ".sh", ".lock", ".txt", ".cfg", ".ini", ""}


def committed() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name]


def test_no_file_names_a_machine_a_registry_or_a_secret() -> None:
    wrong = []
    for path in committed():
        if path.suffix not in TEXT or "vendor" in path.parts or path == Path(__file__) or not path.is_file():
            continue
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        wrong += [f"{path.relative_to(ROOT)}: {m.group()}" for m in FORBIDDEN.finditer(text)]
    assert not wrong, "\n".join(wrong)
