from pathlib import Path

from setuptools import find_namespace_packages, setup
from setuptools.command.build_py import build_py

FOLDERS = ["engine*", "machines*", "adapters*"]
HEAD = {
    "__init__.py": '"""Holds no code: see relink.engine, relink.machines and relink.adapters."""\n',
    "py.typed": "",
}


class BuildWithHead(build_py):
    """Make the installed `relink` a regular package.

    Python prefers a regular package to folders without an `__init__.py`, wherever they come on the
    path. So a clone named `relink` in the current folder does not hide what is installed.
    """

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            for path, text in zip(self._head, HEAD.values(), strict=True):
                path.write_text(text)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        outputs: list[str] = super().get_outputs(include_bytecode)
        return outputs if self.editable_mode else [*outputs, *map(str, self._head)]

    @property
    def _head(self) -> list[Path]:
        return [Path(self.build_lib, "relink", name) for name in HEAD]


setup(
    packages=[f"relink.{name}" for name in find_namespace_packages(include=FOLDERS)],
    cmdclass={"build_py": BuildWithHead},
)
