"""Validation of guards and effects.

A table can run a guard or effect only if it is a plain method of the chart, found by its name,
that takes ``facts`` and ``trigger``. Everything else is rejected before anything is built. What
such a method uses of ``self`` is checked when it runs: see :mod:`.sealed`.
"""

import inspect
from functools import cached_property
from types import FunctionType
from typing import Any, NoReturn

from . import expression
from .chart_base import ChartBase
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
from .library import DeclaredCallback, Structure
from .sealed import plain_methods

_OF_STATES = ("on_enter_", "on_exit_", "on_invoke_")
CONVENTIONS = (*_OF_STATES, "before_", "after_", "on_")
"""How the names of effects begin that python-statemachine finds by convention."""

_GENERATING = inspect.CO_COROUTINE | inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR
_GATHERING = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS


def validate_callbacks(chart: type[ChartBase], structure: Structure) -> None:
    """Reject guards and effects that a table cannot run.

    Raises:
        ChartError: the subclass says which rule is broken; the message says where, and what
            to do instead.
    """
    callbacks = _Callbacks(chart, structure)
    for state in structure.states:
        for callback in state.callbacks:
            callbacks.check(callback, str(state))
        for transition in state.transitions:
            for callback in transition.callbacks:
                callbacks.check(callback, str(transition))
    for declaration in chart.decided:
        if declaration.when is not None:
            callbacks.check_guards(declaration.when, f"when={declaration.when!r}")
    callbacks.check_conventions()


class _Callbacks:
    """The guards and effects of one chart."""

    def __init__(self, chart: type[ChartBase], structure: Structure) -> None:
        self._chart = chart
        states = {state.id for state in structure.by_value.values()}
        self._taken = states | {event.name for event in structure.body_events}
        self._all = {name: v for base in reversed(chart.__mro__) for name, v in vars(base).items()}
        self._methods = plain_methods(chart)
        self._used: set[str] = set()
        self._parsed: set[str] = set()

    def check(self, callback: DeclaredCallback, declared_by: str) -> None:
        """Check one callback of a state or transition."""
        name = callback.name
        if callback.is_convention and name not in self._all:
            return
        where = "by naming convention" if callback.is_convention else declared_by
        if callback.role == "validator":
            raise ValidatorError(
                self._chart,
                f"{where}: {name!r} is a validator, which raises where a guard would answer; "
                "make it a guard",
            )
        if callback.role == "invoke":
            raise InvokeError(
                self._chart,
                f"{where}: {name!r} is an invoked activity, and a chart runs none; "
                "return a Command from an effect",
            )
        if not callback.is_named:
            self._reject_object(callback.role, name, callback.declared, where)
        if callback.role == "guard":
            self.check_guards(callback.declared, where)
        else:
            self._check_method("effect", name, where)

    def check_guards(self, text: str, where: str) -> None:
        """Check a guard expression."""
        if text in self._parsed:
            return
        self._parsed.add(text)
        try:
            parsed = expression.parse(text)
        except expression.NotAnExpressionError as error:
            raise GuardExpressionError(
                self._chart,
                f"{where}: the guard expression {text!r} is invalid: {error}; it takes names of "
                "guards, and, or, not and parentheses",
            ) from error
        for name in expression.names(parsed):
            self._check_method("guard", name, where)

    def check_conventions(self) -> None:
        """Reject methods with the name of an effect that nothing ever runs."""
        # A helper that another method calls may have any name.
        called = {name for method in self._methods.values() for name in method.__code__.co_names}
        for name in self._methods:
            if name.startswith(CONVENTIONS) and name not in self._used | called:
                prefix = next(prefix for prefix in CONVENTIONS if name.startswith(prefix))
                missing = "state is named" if prefix in _OF_STATES else "transition has the event"
                raise CallbackWithoutPlaceError(
                    self._chart,
                    f"nothing runs the method {name!r}: no {missing} "
                    f"{name.removeprefix(prefix)!r}; correct the method's name",
                )

    def _check_method(self, role: str, name: str, where: str) -> None:
        if name in self._used:
            return
        if name in self._taken:
            raise CallbackNamedLikeStateOrEventError(
                self._chart,
                f"{where}: the {role} {name!r} has the name of a state or an event; rename it",
            )
        if name not in self._all:
            error = UnknownGuardError if role == "guard" else UnknownEffectError
            raise error(
                self._chart,
                f"{where}: the chart has no {role} {name!r}; add the method, or correct the name",
            )
        method = self._methods.get(name)
        if method is None or method.__name__ == "<lambda>" or hasattr(method, "__wrapped__"):
            self._reject_object(role, name, self._all[name], where)
        code = method.__code__
        if code.co_flags & _GENERATING:
            raise AsyncCallbackError(
                self._chart,
                f"{where}: the {role} {name!r} is async or a generator; make it a plain method",
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
                f"{where}: the {role} {name}{inspect.signature(method)} "
                "must take (self, facts, trigger)",
            )
        if "__class__" in code.co_freevars:
            # The sealed self is no instance of the chart, so super() would fail.
            raise MachineApiError(
                self._chart,
                f"{where}: the {role} {name!r} uses super() or __class__, which would reach the "
                "machine; call a helper method instead",
            )
        self._used.add(name)

    def _reject_object(self, role: str, name: str, found: Any, where: str) -> NoReturn:
        """Reject what is not a plain method given by its name, saying what it is."""
        cure = "make it a plain method of the chart, and give its name"
        if isinstance(found, FunctionType) and found.__name__ == "<lambda>":
            raise LambdaCallbackError(
                self._chart, f"{where}: the {role} {name!r} is a lambda; {cure}"
            )
        if isinstance(found, (property, cached_property)):
            raise PropertyCallbackError(
                self._chart, f"{where}: the {role} {name!r} is a property; {cure}"
            )
        if callable(found) or isinstance(found, (staticmethod, classmethod)):
            raise DecoratedCallbackError(
                self._chart,
                f"{where}: the {role} {name!r} is decorated or given as an object; {cure}",
            )
        raise NotAMethodError(
            self._chart, f"{where}: the {role} {name!r} is {found!r}, not a method; {cure}"
        )
