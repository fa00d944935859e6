"""Fail unless a wheel holds exactly the tracked files of the three folders, and the head.

Usage: ``python .ci/wheel_matches_tree.py dist/*.whl`` from the top of a checkout.
"""

import subprocess
import sys
import zipfile

FOLDERS = ["engine", "machines", "adapters"]
HEAD = {"relink/__init__.py", "relink/py.typed"}
"""What setup.py adds."""


def tracked_files() -> set[str]:
    """The folders' files as git knows them, under the names they install as, and the head."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *FOLDERS], check=True, capture_output=True, text=True
    )
    return HEAD | {f"relink/{path}" for path in listed.stdout.split("\0") if path}


def packed_files(wheel: str) -> set[str]:
    """The wheel's files, without the metadata that the build adds."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def main(wheel: str) -> int:
    """Print the difference, one file a line; 1 if there is any."""
    tracked, packed = tracked_files(), packed_files(wheel)
    for path in sorted(tracked - packed):
        print(f"missing from the wheel: {path}")
    for path in sorted(packed - tracked):
        print(f"in the wheel, but not tracked: {path}")
    if tracked == HEAD or tracked != packed:
        return 1
    print(f"{wheel}: {len(packed)} files, all of them tracked, none missing")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
