"""Validation of guards and effects.

A table can run a guard or effect only if it is a plain method of the chart, found by its name,
that takes ``facts`` and ``trigger``. Everything else is rejected before anything is built. What
such a method uses of ``self`` is checked when it runs: see :mod:`.sealed`.
"""

import inspect
from functools import cached_property
from types import FunctionType
from typing import Any

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
from .faults import Faults
from .library.structure import DeclaredCallback, Structure
from .sealed import plain_methods
from .suggest import unknown

_OF_STATES = ("on_enter_", "on_exit_", "on_invoke_")
CONVENTIONS = (*_OF_STATES, "before_", "after_", "on_")
"""How the names of effects begin that python-statemachine finds by convention."""

_GENERATING = inspect.CO_COROUTINE | inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR
_GATHERING = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS


def validate_callbacks(chart: type[ChartBase], structure: Structure) -> None:
    """Reject guards and effects that a table cannot run.

    Raises:
        ChartError: the subclass says which rule is broken; the message says where, and what
            to do instead, for all faults of that kind.
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
    callbacks.faults.check()
    callbacks.check_conventions()
    callbacks.faults.check()


class _Callbacks:
    """The guards and effects of one chart."""

    def __init__(self, chart: type[ChartBase], structure: Structure) -> None:
        self.faults = Faults(chart)
        self._states = {state.id for state in structure.by_value.values()}
        self._events = {event.name for event in structure.body_events}
        self._all = {name: v for base in reversed(chart.__mro__) for name, v in vars(base).items()}
        self._methods = plain_methods(chart)
        self._used: set[str] = set()

    def check(self, callback: DeclaredCallback, declared_by: str) -> None:
        """Check one callback of a state or transition."""
        name = callback.name
        if callback.is_convention and name not in self._all:
            return
        where = "by naming convention" if callback.is_convention else declared_by
        if callback.role == "validator":
            rule = f"{name!r} is a validator, which raises where a guard would answer"
            self.faults.add(ValidatorError, where, rule, "make it a guard")
        elif callback.role == "invoke":
            rule = f"{name!r} is an invoked activity, and a chart runs none"
            self.faults.add(InvokeError, where, rule, "return a Command from an effect")
        elif not callback.is_named:
            self._refuse_object(callback.role, name, callback.declared, where)
        elif callback.role == "guard":
            self.check_guards(callback.declared, where)
        else:
            self._check_method("effect", name, where)

    def check_guards(self, text: str, where: str) -> None:
        """Check a guard expression."""
        try:
            parsed = expression.parse(text)
        except expression.NotAnExpressionError as error:
            rule = f"the guard expression {text!r} is invalid: {error}"
            cure = "it takes names of guards, and, or, not and parentheses"
            self.faults.add(GuardExpressionError, where, rule, cure)
            return
        for name in expression.names(parsed):
            self._check_method("guard", name, where)

    def check_conventions(self) -> None:
        """Reject methods with the name of an effect that nothing ever runs."""
        # A helper that another method calls may have any name.
        called = {name for method in self._methods.values() for name in method.__code__.co_names}
        for name in self._methods:
            if name.startswith(CONVENTIONS) and name not in self._used | called:
                prefix = next(prefix for prefix in CONVENTIONS if name.startswith(prefix))
                of_states = prefix in _OF_STATES
                missing = "state is named" if of_states else "transition has the event"
                known = self._states if of_states else self._events
                self.faults.add(
                    CallbackWithoutPlaceError,
                    "",
                    f"nothing runs the method {name!r}: no {missing} {name.removeprefix(prefix)!r}",
                    unknown(name, (prefix + x for x in known), "correct the method's name"),
                )

    def _check_method(self, role: str, name: str, where: str) -> None:
        if name in self._used:
            return
        who = f"the {role} {name!r}"
        if name in self._states | self._events:
            rule = f"{who} has the name of a state or an event"
            self.faults.add(CallbackNamedLikeStateOrEventError, where, rule, "rename it")
            return
        if name not in self._all:
            error = UnknownGuardError if role == "guard" else UnknownEffectError
            cure = unknown(name, self._methods, "add the method, or correct the name")
            if " " in name:
                cure = f"give several {role}s in a list"
            self.faults.add(error, where, f"the chart has no {role} {name!r}", cure)
            return
        method = self._methods.get(name)
        if method is None or method.__name__ == "<lambda>" or hasattr(method, "__wrapped__"):
            self._refuse_object(role, name, self._all[name], where)
            return
        self._used.add(name)
        code = method.__code__
        if code.co_flags & _GENERATING:
            rule = f"{who} is async or a generator"
            self.faults.add(AsyncCallbackError, where, rule, "make it a plain method")
            return
        plain = code.co_argcount == 3 and not code.co_kwonlyargcount and not code.co_posonlyargcount
        if (
            not plain
            or code.co_flags & _GATHERING
            or code.co_varnames[1:3] != ("facts", "trigger")
            or method.__defaults__
        ):
            rule = f"the {role} {name}{inspect.signature(method)} takes other parameters"
            cure = f"declare it as def {name}(self, facts, trigger)"
            self.faults.add(CallbackParametersError, where, rule, cure)
        if "__class__" in code.co_freevars:
            # The sealed self is no instance of the chart, so super() would fail.
            rule = f"{who} uses super() or __class__, which would reach the machine"
            self.faults.add(MachineApiError, where, rule, "call a helper method instead")

    def _refuse_object(self, role: str, name: str, found: Any, where: str) -> None:
        """Reject what is not a plain method given by its name, saying what it is."""
        cure = "make it a plain method of the chart, and give its name"
        who = f"the {role} {name!r}"
        if isinstance(found, FunctionType) and found.__name__ == "<lambda>":
            self.faults.add(LambdaCallbackError, where, f"{who} is a lambda", cure)
        elif isinstance(found, (property, cached_property)):
            self.faults.add(PropertyCallbackError, where, f"{who} is a property", cure)
        elif callable(found) or isinstance(found, (staticmethod, classmethod)):
            rule = f"{who} is decorated or given as an object"
            self.faults.add(DecoratedCallbackError, where, rule, cure)
        else:
            self.faults.add(NotAMethodError, where, f"{who} is {found!r}, not a method", cure)
