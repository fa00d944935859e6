"""Outside: noticing that a guard or effect reads the clock, or anything else that is not given.

While it is active, the interpreter reports each call to it (``sys.setprofile``). It knows the
functions by which Python programs reach the clock, the environment, random numbers, files, the
network, processes and logs. It cannot notice what a C extension does by itself, or a module that
keeps a value of an earlier call; asking twice finds some of that.
"""

import gc
import sys
from types import FrameType, TracebackType
from typing import Any, NamedTuple, Self


class Touched(NamedTuple):
    """Something outside that was reached."""

    does: str
    """What that is, after a subject: ``reads the clock``."""
    what: str
    """The function, such as ``time.time``."""
    cure: str


_TO_EVENT = "let the event carry the {}"
_CLOCK = ("reads the clock", _TO_EVENT.format("time"))
_ENVIRONMENT = ("reads the environment", _TO_EVENT.format("setting, or keep it in the facts"))
_RANDOM = ("draws random numbers", _TO_EVENT.format("value"))
_SYSTEM = ("uses files or the operating system", "return a Command, and let the event carry it")
_NETWORK = ("uses the network", "return a Command, and let an event bring the answer")
_PROCESS = ("starts processes or threads", "return a Command")
_LOG = ("writes to a log", "log decisions where they are made; a decision explains itself")

_CLOCKS = ("time", "monotonic", "perf_counter", "process_time", "thread_time", "clock_gettime")
_FUNCTIONS = {
    **{f"time.{name}{suffix}": _CLOCK for name in _CLOCKS for suffix in ("", "_ns")},
    **{f"time.{name}": _CLOCK for name in ("sleep", "localtime", "mktime")},
    **{f"datetime.{name}": _CLOCK for name in ("now", "utcnow", "today")},
    **{f"{module}.urandom": _RANDOM for module in ("posix", "nt", "os")},
    "_io.open": _SYSTEM,
    "io.open": _SYSTEM,
    "builtins.input": _SYSTEM,
    "_thread.start_new_thread": _PROCESS,
    "_thread.start_joinable_thread": _PROCESS,  # since Python 3.13
    "_posixsubprocess.fork_exec": _PROCESS,
    "uuid._generate_time_safe": _RANDOM,
}
_MODULES = {
    **dict.fromkeys(("socket", "_socket", "ssl", "_ssl", "select"), _NETWORK),
    **dict.fromkeys(("subprocess", "multiprocessing", "_winapi"), _PROCESS),
    **dict.fromkeys(("posix", "nt", "fcntl", "mmap", "_sqlite3", "sqlite3"), _SYSTEM),
    "logging": _LOG,
}
_HARMLESS = {
    *("fspath", "fsencode", "fsdecode", "strerror", "_path_normpath", "_path_splitroot"),
    *("_path_splitroot_ex", "WIFEXITED"),
}
"""Functions of the operating system's module that compute."""

_PREPARING = ("importlib.", "_frozen_importlib", "pydantic._internal._mock_val_ser")
"""The modules that import others, and that build a validator when it is first needed."""


class Outside:
    """Notices the first thing outside that is reached while it is active, in this thread."""

    def __init__(self) -> None:
        self.found: Touched | None = None
        self._preparing: FrameType | None = None

    def __enter__(self) -> Self:
        # A collection runs finalizers and hooks of others, in the middle of anything.
        self._collects = gc.isenabled()
        gc.disable()
        self._before: Any = sys.getprofile()
        sys.setprofile(self._see)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        sys.setprofile(self._before)
        if self._collects:
            gc.enable()

    def _see(self, frame: FrameType, event: str, argument: Any) -> None:
        if self._preparing is not None:
            # It reads files or settings, and is no part of the answer.
            if event == "return" and frame is self._preparing:
                self._preparing = None
            return
        if event == "call":
            module = frame.f_globals.get("__name__", "")
            if module.startswith(_PREPARING):
                self._preparing = frame
            elif self.found is None:
                self._see_python(module, frame.f_code.co_qualname)
        elif event == "c_call" and self.found is None:
            self._see_builtin(argument)

    def _see_python(self, module: str, function: str) -> None:
        if module == "os" and function.startswith("_Environ."):
            self._note("os.environ", _ENVIRONMENT)
        elif module in ("logging", "socket", "subprocess", "ssl"):
            self._note(f"{module}.{function}", _MODULES[module])

    def _see_builtin(self, function: Any) -> None:
        owner, name = getattr(function, "__self__", None), function.__name__
        if owner is _shared_random() and owner is not None:
            self._note(f"random.{name}", _RANDOM)
            return
        if isinstance(owner, type):
            module = "datetime" if owner.__module__ == "datetime" else ""
        else:
            module = getattr(function, "__module__", None) or type(owner).__module__
        full = f"{module}.{name}"
        if full in _FUNCTIONS:
            self._note(full, _FUNCTIONS[full])
        elif module in _MODULES and name not in _HARMLESS:
            self._note(full, _MODULES[module])

    def _note(self, what: str, kind: tuple[str, str]) -> None:
        does, cure = kind
        self.found = Touched(does, what, cure)


def _shared_random() -> Any:
    """The generator behind ``random.random()``; one with a seed of its own is pure."""
    return getattr(sys.modules.get("random"), "_inst", None)
