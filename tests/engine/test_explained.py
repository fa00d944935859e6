"""Every public function explains a call with an argument that it does not have."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from relink import engine
from relink.engine import explore, export
from relink.engine.errors import ArgumentError
from relink.engine.markdown import markdown

CLASSES = (engine.Codec, engine.System, explore.MachineModel, explore.SystemModel)
"""Those that a user makes. The others are results, or errors."""

FUNCTIONS: tuple[Callable[..., Any], ...] = (
    markdown,
    *CLASSES,
    *(
        value
        for package in (engine, explore, export)
        for name in package.__all__
        if inspect.isfunction(value := getattr(package, name))
    ),
)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_an_unknown_argument_is_explained(function: Callable[..., Any]) -> None:
    parameters = [name for name in inspect.signature(function).parameters if name != "self"]
    with pytest.raises(ArgumentError) as caught:
        function(qqq=1)
    assert str(caught.value) == (
        f"{function.__name__}(): it has no argument 'qqq'; it takes {', '.join(parameters)}"
    )


def test_the_functions_are_found() -> None:
    names = {function.__name__ for function in FUNCTIONS}
    assert {"ignored", "explore", "unreached", "always", "upcast", "scxml", "Codec"} <= names
