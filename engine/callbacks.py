"""The static walk over guards and effects.

A guard or effect can be asked by a table only if it is a plain method of the
chart, found by its name, that takes ``facts`` and ``trigger`` and uses nothing
of the machine. All others are refused here, before anything is built.
"""

import dis
import inspect
from collections.abc import Iterator
from functools import cached_property
from types import CodeType, FunctionType
from typing import Any

from statemachine import State
from statemachine.callbacks import CallbackGroup, CallbackSpec, SpecReference
from statemachine.graph import iterate_states_and_transitions
from statemachine.transition import Transition

from . import expression
from .chart import Chart
from .errors import (
    AsyncCallbackError,
    CallbackNamedLikeStateOrEventError,
    CallbackParametersError,
    CallbackWithoutPlaceError,
    DecoratedCallbackError,
    GuardExpressionError,
    InvokeError,
    LambdaCallbackError,
    MachineApiError,
    NotAMethodError,
    PropertyCallbackError,
    UnknownEffectError,
    UnknownGuardError,
    ValidatorError,
)
from .inert import plain_attributes, plain_methods

CONVENTIONS = ("on_enter_", "on_exit_", "on_invoke_", "before_", "after_", "on_")
"""How the names of effects begin that python-statemachine finds without being told."""

_GENERATING = inspect.CO_COROUTINE | inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR
_GATHERING = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS
_ATTRIBUTE = {"LOAD_ATTR", "LOAD_METHOD", "STORE_ATTR", "DELETE_ATTR"}


def refuse_callbacks(chart: type[Chart]) -> None:
    """Refuse guards and effects that a table could not ask.

    Raises:
        ChartError: the subclass says which rule is broken, the message where.
    """
    walk = _Walk(chart)
    for visited in iterate_states_and_transitions(chart.states):
        for spec in visited._specs:
            walk.spec(spec, "by its name" if spec.is_convention else place(visited))
    for declaration in chart.decided:
        if declaration.when is not None:
            walk.guards(declaration.when, f"when={declaration.when!r}")
    walk.self_uses()
    walk.conventions()


def place(visited: State | Transition) -> str:
    """A state or transition in words: ``state 'x'``, ``transition x --event--> y``."""
    if isinstance(visited, State):
        return f"state {visited.id!r}"
    target = visited.target or visited.source
    # A state whose name was overwritten in the class body has no id.
    return f"transition {visited.source.id} --{visited.event}--> {target.id or '?'}"


class _Walk:
    """Over one chart, remembering the methods that were found in use."""

    def __init__(self, chart: type[Chart]) -> None:
        self._chart = chart
        self._taken = {*(s.id for s in chart.states_map.values()), *chart._events}
        self._all = {name: v for base in reversed(chart.__mro__) for name, v in vars(base).items()}
        self._methods = plain_methods(chart)
        self._used: dict[str, FunctionType] = {}
        self._read: set[str] = set()

    def spec(self, spec: CallbackSpec, where: str) -> None:
        """One callback as it is declared."""
        if spec.is_convention and spec.attr_name not in self._all:
            return
        if spec.group is CallbackGroup.VALIDATOR:
            raise ValidatorError(self._chart, f"{where} has the validator {spec.attr_name!r}")
        if spec.group is CallbackGroup.INVOKE:
            raise InvokeError(self._chart, f"{where}: {spec.attr_name!r} is invoked")
        kind = "guard" if spec.group is CallbackGroup.COND else "effect"
        if spec.reference is not SpecReference.NAME:
            self._refuse_object(kind, spec.attr_name, spec.func, where)
        if kind == "guard":
            self.guards(spec.func, where)
        else:
            self._method(kind, spec.attr_name, where)

    def guards(self, text: str, where: str) -> None:
        """A guard expression."""
        if text in self._read:
            return
        self._read.add(text)
        try:
            parsed = expression.parse(text)
        except expression.NotAnExpressionError as error:
            raise GuardExpressionError(
                self._chart,
                f"{where}: {text!r} is not names joined by and, or, not: {error}",
            ) from error
        for name in expression.names(parsed):
            self._method("guard", name, where)

    def _method(self, kind: str, name: str, where: str) -> None:
        if name in self._used:
            return
        if name in self._taken:
            raise CallbackNamedLikeStateOrEventError(
                self._chart, f"{where}: the {kind} {name!r} is named like a state or an event"
            )
        if name not in self._all:
            error = UnknownGuardError if kind == "guard" else UnknownEffectError
            raise error(self._chart, f"{where}: there is no {kind} {name!r}")
        method = self._methods.get(name)
        if method is None or method.__name__ == "<lambda>" or hasattr(method, "__wrapped__"):
            self._refuse_object(kind, name, self._all[name], where)
        assert method is not None
        code = method.__code__
        if code.co_flags & _GENERATING:
            raise AsyncCallbackError(
                self._chart, f"{where}: the {kind} {name!r} is async or a generator"
            )
        plain = code.co_argcount == 3 and not code.co_kwonlyargcount and not code.co_posonlyargcount
        if (
            not plain
            or code.co_flags & _GATHERING
            or code.co_varnames[1:3] != ("facts", "trigger")
            or method.__defaults__
        ):
            raise CallbackParametersError(
                self._chart,
                f"{where}: the {kind} {name}{inspect.signature(method)} "
                "has to take (self, facts, happened)",
            )
        self._used[name] = method

    def _refuse_object(self, kind: str, name: str, found: Any, where: str) -> None:
        """Refuse what is no plain method found by its name, saying what it is."""
        if isinstance(found, FunctionType) and found.__name__ == "<lambda>":
            raise LambdaCallbackError(self._chart, f"{where}: the {kind} {name!r} is a lambda")
        if isinstance(found, (property, cached_property)):
            raise PropertyCallbackError(self._chart, f"{where}: the {kind} {name!r} is a property")
        if callable(found) or isinstance(found, (staticmethod, classmethod)):
            raise DecoratedCallbackError(
                self._chart,
                f"{where}: the {kind} {name!r} is decorated or given as an object; "
                "it has to be a plain method of the chart, given by its name",
            )
        raise NotAMethodError(
            self._chart, f"{where}: the {kind} {name!r} is {found!r}, not a method"
        )

    def self_uses(self) -> None:
        """Follow what the guards and effects use on self, through the methods that they call."""
        own = plain_attributes(self._chart)
        waiting = list(self._used.items())
        while waiting:
            name, method = waiting.pop()
            for attribute in _self_attributes(method):
                if attribute not in own and not hasattr(object, attribute):
                    raise MachineApiError(
                        self._chart,
                        f"{name!r} uses self.{attribute}; of the machine a guard or effect "
                        "may use only its own plain methods and constants",
                    )
                helper = own.get(attribute)
                if isinstance(helper, FunctionType) and attribute not in self._used:
                    self._used[attribute] = helper
                    waiting.append((attribute, helper))

    def conventions(self) -> None:
        """Refuse methods that look like effects and that nothing will ever run."""
        for name in self._methods:
            if name.startswith(CONVENTIONS) and name not in self._used:
                raise CallbackWithoutPlaceError(
                    self._chart,
                    f"nothing runs the method {name!r}: no state or event has that name",
                )


def _self_attributes(method: FunctionType) -> Iterator[str]:
    """Names of what a method reads, sets or calls on its first parameter."""
    code = method.__code__
    if code.co_argcount:
        yield from _attributes(code, code.co_varnames[0])
    if "__class__" in code.co_freevars:
        yield "super()"


def _attributes(code: CodeType, variable: str) -> Iterator[str]:
    loaded = False
    for instruction in dis.get_instructions(code):
        if loaded and instruction.opname in _ATTRIBUTE:
            yield instruction.argval
        if instruction.opname != "EXTENDED_ARG":
            # Python 3.13 and later do two such things at once; the last of them is on top.
            names = instruction.argval
            last = names[-1] if isinstance(names, tuple) and names else names
            loads = "LOAD_FAST" in instruction.opname or instruction.opname == "LOAD_DEREF"
            loaded = loads and last == variable
    for constant in code.co_consts:
        # Comprehensions and lambdas that close over it.
        if isinstance(constant, CodeType) and variable in constant.co_freevars:
            yield from _attributes(constant, variable)
