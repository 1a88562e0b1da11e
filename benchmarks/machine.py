"""What the figures were measured on, without naming the machine."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("torch", "onnxruntime", "numpy", "Django")


def describe() -> list[str]:
    """One line each for processor, memory, system and the packages that matter."""
    return [
        f"{processor()}, {os.cpu_count()} cores",
        f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1024**3:.0f} GiB of memory, no GPU used",
        f"{platform.system()}, Python {platform.python_version()}, {', '.join(filter(None, map(package, PACKAGES)))}",
    ]


def processor() -> str:
    """The processor's model as Linux names it, otherwise its architecture."""
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        for line in listing.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def package(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return ""
