"""Import every module of relink.engine and relink.machines from an installed wheel.

Run by an environment that has the wheel without its extras, outside the
checkout: ``python -I import_core.py``. engine.fuzz is left out, as it alone
needs an extra (Hypothesis).
"""

import importlib
import pkgutil
import sys

import relink.engine
import relink.machines

NEEDS_AN_EXTRA = "relink.engine.fuzz"

for package in (relink.engine, relink.machines):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.startswith(NEEDS_AN_EXTRA):
            importlib.import_module(module.name)

core = sorted(name for name in sys.modules if name.startswith(("relink.engine", "relink.machines")))
strays = [name for name in core if sys.prefix not in str(sys.modules[name].__file__)]
if strays:
    sys.exit(f"not from the wheel: {', '.join(strays)}")
print(f"{len(core)} modules of the core import without extras")
