"""The charts of ``docs/examples/charts``, by the names of their modules."""

import runpy
from pathlib import Path

from relink.engine import Chart


def _charts() -> dict[str, type[Chart]]:
    charts = {}
    for file in sorted((Path(__file__).parent / "examples/charts").glob("[!_]*.py")):
        module = runpy.run_path(str(file), run_name=file.stem)
        (charts[file.stem],) = (
            each
            for each in module.values()
            if isinstance(each, type) and issubclass(each, Chart) and each is not Chart
        )
    return charts


EXAMPLES = _charts()
