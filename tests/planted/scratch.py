"""A copy of the repository in which faults are planted, with an environment of its own.

The environment has the installed packages of the one that runs this, except that ``relink`` is the
copy. So is it in every process that a test starts.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path
from tempfile import TemporaryDirectory

from .fault import Fault

ROOT = Path(__file__).parents[2]
FOLDERS = ("engine", "machines", "adapters")

LONGEST = 1800
"""How long a layer may take (seconds)."""


@dataclass(frozen=True, slots=True)
class Scratch:
    """A copy of the repository."""

    root: Path

    @contextmanager
    def planted(self, fault: Fault) -> Iterator[None]:
        """Plant a fault, and remove it in the end.

        Raises:
            RottenFaultError: its lines are not in the source.
        """
        file = self.root / fault.file
        source = file.read_text(encoding="utf-8")
        try:
            self._write(file, fault.planted_in(source))
            yield
        finally:
            self._write(file, source)

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run Python in the copy."""
        # Compiled files are kept: most of a layer that notices at once would be compiling.
        kept = {key: os.environ[key] for key in os.environ if key != "PYTHONDONTWRITEBYTECODE"}
        return subprocess.run(
            [self.root / ".venv" / "bin" / "python", *command],
            cwd=self.root,
            env={**kept, "PYTHONHASHSEED": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=LONGEST,
        )

    def _write(self, file: Path, text: str) -> None:
        file.write_text(text, encoding="utf-8")
        # What was compiled a moment ago may have the same time and size.
        Path(cache_from_source(str(file))).unlink(missing_ok=True)


@contextmanager
def scratch() -> Iterator[Scratch]:
    """A copy of the repository as it is, without what git ignores."""
    with TemporaryDirectory(prefix="relink-planted-") as folder:
        root = Path(folder).resolve() / "relink"
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout
        for name in filter(None, names.decode().split("\0")):
            if (ROOT / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, root / name)
        package = root / ".venv" / "src" / "relink"
        venv.create(root / ".venv", symlinks=True)
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        for each in FOLDERS:
            (package / each).symlink_to(root / each)
        site = root / ".venv" / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
        # The copy comes first. Lines of a path file are not read for further path files, so the
        # editable install of the working tree is not found.
        paths = f"{package.parent}\n{sysconfig.get_path('purelib')}\n"
        (site / "site-packages" / "copy.pth").write_text(paths, encoding="utf-8")
        yield Scratch(root)
