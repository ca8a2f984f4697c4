"""What a process and its children have cost: processor time and memory, as Linux counts them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_HZ = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """A process and all below it."""
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        try:
            for task in Path(f"/proc/{one}/task").iterdir():
                waiting += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


@dataclass(frozen=True)
class Cost:
    """Processor seconds (user and system, children that ended included) and resident megabytes."""

    cpu_s: float
    memory_mb: float

    def since(self, before: Cost) -> Cost:
        """What was spent since `before`; the memory is that of now."""
        return Cost(self.cpu_s - before.cpu_s, self.memory_mb)


def cost(*pids: int) -> Cost:
    """What these processes and all below them have cost so far. Shared memory is counted once (PSS)."""
    ticks, kb = 0, 0
    for pid in {member for head in pids for member in family(head)}:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(int(field) for field in fields[11:15])
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        kb += sum(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
    return Cost(ticks / _HZ, kb / 1024)
