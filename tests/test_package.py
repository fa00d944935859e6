"""The installed distribution, as others find it."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the unpacked wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    sources = folder / "sources"
    sources.mkdir()
    for name in ("engine", "machines", "adapters"):
        (sources / name).symlink_to(ROOT / name)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        (sources / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-W", "ignore", "setup.py", "-q", "bdist_wheel"]
    subprocess.run(command, cwd=sources, check=True, capture_output=True, timeout=300)
    (wheel,) = (sources / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def found_from(folder: Path, installed: Path) -> str:
    """The file that ``import relink.engine`` finds, started in a folder."""
    code = (
        f"import sys; sys.path[1:1] = [{str(installed)!r}]; "
        "import relink.engine; print(relink.engine.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_clone_named_relink_does_not_hide_the_installed_one(
    installed: Path, tmp_path: Path
) -> None:
    clone = tmp_path / "relink" / "engine"
    clone.mkdir(parents=True)
    (clone / "__init__.py").write_text("raise SystemExit('the clone was imported')")
    assert found_from(tmp_path, installed) == str(installed / "relink" / "engine" / "__init__.py")


def test_the_head_of_the_package_holds_no_code(installed: Path) -> None:
    (line,) = (installed / "relink" / "__init__.py").read_text().splitlines()
    assert line.startswith('"""')
    assert line.endswith('"""')
    (record,) = installed.glob("*.dist-info/RECORD")
    assert {"relink/__init__.py", "relink/py.typed"} <= {
        line.split(",")[0] for line in record.read_text().splitlines()
    }
