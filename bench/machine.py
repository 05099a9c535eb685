"""Where a measurement was taken, and how a list of measurements is summed up."""

from __future__ import annotations

import datetime
import json
import os
import platform
from pathlib import Path
from statistics import median
from typing import Any

RESULTS = Path(__file__).with_name("results.json")


def processor() -> str:
    """Return the processor's name for itself."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    rows = (row.partition(":")[2].strip() for row in text.splitlines() if "model name" in row)
    return next(rows, platform.machine())


def load() -> float | None:
    """Return how many processes were running or waiting in the last minute, where known."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def caches() -> dict[str, int]:
    """Return the bytes of each data cache that Linux lists for the first core."""
    found = {}
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        try:
            kind, level, size = (
                (folder / name).read_text(encoding="ascii").strip()
                for name in ("type", "level", "size")
            )
        except OSError:
            continue
        if kind != "Instruction":
            found[f"L{level}"] = int(size.rstrip("KM")) * (1 << 20 if size[-1] == "M" else 1 << 10)
    return found


def spread(values: list[float]) -> dict[str, float]:
    """Return median, least and greatest."""
    return {"median": median(values), "min": min(values), "max": max(values)}


def heading() -> dict[str, Any]:
    """Return what every report begins with."""
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "caches": caches(),
    }


def keep(path: Path, part: str, report: dict[str, Any]) -> None:
    """Write one part of the results, leaving the other programs' parts as they are."""
    try:
        everything = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        everything = {}
    everything[part] = report
    path.write_text(json.dumps(everything, indent=1) + "\n", encoding="utf-8")


def cpu_seconds() -> float:
    """Return the CPU time of this process and of those it waited for: compilers are timed by it."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
