"""The garbage collector of a process of relink's own.

It looks for objects that only refer to each other, and walks through all that are alive to find
them. Most of these are modules, classes and validators, which live as long as the process. Once
they are set apart, a webhook over HTTP takes 9 % less CPU time, as measured on a busy machine. A
process that relink is embedded in is left alone: what it collects is its own choice.
"""

import gc


def set_loaded_apart() -> None:
    """Never look again at what is alive by now. Call it once, when all is assembled."""
    gc.collect()
    gc.freeze()
