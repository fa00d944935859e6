"""Plant faults in a copy of relink, and say which layer of the tests notices.

``python -m tests.planted`` plants all of them, ``python -m tests.planted deadline_is_lost`` one. It
ends with 1 if fewer than two layers notice one of them, when all layers ran.
"""

import argparse
import resource
import sys
from collections.abc import Iterator

from .fault import Fault, all_faults
from .layers import LAYERS, Layer
from .results import NEEDED, PAGE, Result, Results, keep, kept, noticed_by, page
from .scratch import Scratch, scratch

NOTICED, NOTHING = 1, 0
"""Exit codes of a layer. Any other one means that it did not run."""


def judge(copy: Scratch, layer: Layer, fault: Fault) -> Result:
    """What a layer makes of a fault that is planted.

    Raises:
        RuntimeError: the layer did not run, or does not run that code.
    """
    command = layer.command(fault)
    if command is None:
        raise RuntimeError(f"{layer.name} does not run {fault.file}")
    began = _seconds()
    done = copy.run(*command)
    tried, steps = layer.tried(done.stdout), layer.steps_in(done.stdout)
    if tried is None or done.returncode not in (NOTICED, NOTHING):
        # Such as a fault that breaks an import, which any test would notice.
        said = f"{done.stdout[-2000:]}{done.stderr[-2000:]}"
        raise RuntimeError(f"{layer.name} did not run with {fault.name}:\n{said}")
    seconds = round(_seconds() - began, 1)
    return Result(done.returncode == NOTICED, tried, seconds, steps)


def _seconds() -> float:
    """What all processes that ended so far took of the processor."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(
    faults: list[Fault], layers: list[Layer], known: Results, *, is_quick: bool = False
) -> Iterator[tuple[Fault, Layer, Result]]:
    """Plant each fault, run each layer, and tell.

    Args:
        faults: what to plant.
        layers: which layers run, in this order.
        known: results by fault and layer, of which no layer runs again.
        is_quick: whether enough layers are enough; the others then do not run.
    """
    with scratch() as copy:
        for number, fault in enumerate(faults, start=1):
            print(f"{number}/{len(faults)} {fault.name} ({fault.rule}): {fault.sentence}")
            found = dict(known.get(fault.name, {}))
            with copy.planted(fault):
                for layer in layers:
                    if layer.name in found or layer.command(fault) is None:
                        continue
                    if is_quick and len(noticed_by(found)) >= NEEDED:
                        break
                    print(f"    {layer.name}: ", end="", flush=True)
                    found[layer.name] = judge(copy, layer, fault)
                    print(told(layer, found[layer.name]), flush=True)
                    yield fault, layer, found[layer.name]


def told(layer: Layer, result: Result) -> str:
    """What a layer made of a fault, in a line."""
    verb = "noticed" if result.is_noticed else "nothing"
    tried = "" if result.tried is None else f" after {result.tried:,} {layer.unit}"
    steps = "" if result.steps is None else f", in {result.steps} steps"
    return f"{verb}{tried}{steps}, {result.seconds} s"


def chosen(names: list[str], known: dict[str, Fault]) -> list[Fault]:
    """The faults with these names; all if there are none.

    Raises:
        SystemExit: there is no fault of a name.
    """
    for name in names:
        if name not in known:
            raise SystemExit(f"There is no fault {name!r}. There are: {', '.join(known)}.")
    return [known[name] for name in names or known]


def main() -> int:
    """Parse the arguments, and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.planted", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="FAULT", help="which faults (default: all)")
    parser.add_argument(
        "--layers",
        nargs="+",
        choices=[layer.name for layer in LAYERS],
        default=[layer.name for layer in LAYERS],
        help="which layers run (default: all)",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"run no more layers once {NEEDED} have noticed a fault",
    )
    parser.add_argument(
        "--missing",
        action="store_true",
        help="run only what no result is kept of, such as new faults and new layers",
    )
    parser.add_argument("--write", action="store_true", help=f"keep the results; write {PAGE.name}")
    parser.add_argument("--rewrite", action="store_true", help="write the page, and run nothing")
    given = parser.parse_args()
    known = {fault.name: fault for fault in all_faults()}
    if given.rewrite:
        PAGE.write_text(page(list(known.values()), kept()), encoding="utf-8")
        return 0
    faults = chosen(given.names, known)
    layers = [layer for layer in LAYERS if layer.name in given.layers]
    results: Results = kept() if given.missing else {}
    for fault, layer, result in run(faults, layers, results, is_quick=given.quick):
        results.setdefault(fault.name, {})[layer.name] = result
        if given.write:
            keep({fault.name: {layer.name: result}})
            PAGE.write_text(page(list(known.values()), kept()), encoding="utf-8")
    if len(given.layers) < len(LAYERS):
        return 0
    weak = [fault.name for fault in faults if len(noticed_by(results.get(fault.name, {}))) < NEEDED]
    if weak:
        print(f"Fewer than {NEEDED} layers noticed: {', '.join(weak)}")
    return 1 if weak else 0


if __name__ == "__main__":
    sys.exit(main())
