"""What is loaded is set apart, and garbage is collected all the same."""

import subprocess
import sys

SERVED = """
import gc, weakref
from relink.adapters.collector import set_loaded_apart

class Node:
    pass

def cycle():
    node = Node()
    node.itself = node
    return weakref.ref(node)

before = cycle()
set_loaded_apart()
after = cycle()
gc.collect()
print(gc.get_freeze_count() > 1000, before() is None, after() is None)
"""


def test_what_is_loaded_is_set_apart_and_garbage_is_collected() -> None:
    done = subprocess.run([sys.executable, "-c", SERVED], capture_output=True, text=True)
    assert done.stdout == "True True True\n", done.stderr
