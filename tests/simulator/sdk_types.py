"""Compares JSON with the types of an SDK, by reflection on its annotations.

Run as a script, since the preview SDK cannot be imported beside the generally available one::

    python sdk_types.py FOLDER < questions.json

FOLDER holds the SDK (empty: the installed one). Questions are read from standard input, and
the differences, or other answers, printed as JSON.
"""

import ast
import importlib
import inspect
import json
import sys
import typing
from functools import cache
from typing import Any, ForwardRef, Literal, Union, get_args, get_origin

if sys.argv[1]:
    sys.path.insert(0, sys.argv[1])

import stripe
import typing_extensions
from schema import SCHEMA
from stripe import ListObject, StripeObject
from stripe._object_classes import get_object_class

NoneType = type(None)


def differences(value: Any, kind: Any, owner: type, where: str) -> list[str]:
    """Differences of a JSON value from an annotation of the SDK."""
    kind = resolved(kind, owner)
    origin = get_origin(kind)
    if kind is Any or isinstance(kind, typing.TypeVar):
        return []
    if origin is Union:
        return of_union(value, get_args(kind), owner, where)
    if origin is Literal:
        return [] if value in get_args(kind) else [f"{where}: {value!r} is not in {get_args(kind)}"]
    if origin is list:
        if not isinstance(value, list):
            return [f"{where}: {value!r} is not a list"]
        (item,) = get_args(kind)
        return [
            d for n, v in enumerate(value) for d in differences(v, item, owner, f"{where}[{n}]")
        ]
    if origin is ListObject:
        return of_list_object(value, get_args(kind)[0], owner, where)
    if origin is not None and issubclass(origin, StripeObject):  # UntypedStripeObject[int]
        (item,) = get_args(kind)
        return [d for k, v in value.items() for d in differences(v, item, owner, f"{where}.{k}")]
    if isinstance(kind, type) and issubclass(kind, StripeObject):
        return of_object(value, kind, where)
    exact = type(value) is kind
    return [] if exact else [f"{where}: {value!r} is not {getattr(kind, '__name__', kind)}"]


def of_union(value: Any, kinds: tuple[Any, ...], owner: type, where: str) -> list[str]:
    if value is None and NoneType in kinds:
        return []
    kinds = tuple(resolved(kind, owner) for kind in kinds if kind is not NoneType)
    literals = [kind for kind in kinds if get_origin(kind) is Literal]
    if isinstance(value, str) and literals:
        kinds = tuple(literals)  # open to the future, but not to what we make up
    found = [differences(value, kind, owner, where) for kind in kinds]
    return [] if [] in found else min(found, key=len)


def of_list_object(value: Any, item: Any, owner: type, where: str) -> list[str]:
    if not isinstance(value, dict) or value.get("object") != "list":
        return [f"{where}: {value!r} is not a list object"]
    kinds = {key: type(each) for key, each in value.items()}
    if kinds != {"data": list, "has_more": bool, "object": str, "url": str}:
        return [f"{where}: not a list object, but {kinds}"]
    found = []
    for place, each in enumerate(value["data"]):
        found += differences(each, item, owner, f"{where}.data[{place}]")
    return found


def of_object(value: Any, kind: type, where: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{where}: {value!r} is not an object"]
    published = annotations(kind)
    if value.get("deleted"):
        published = {key: published[key] for key in ("id", "object", "deleted")}
        return [f"{where}.{key} differs" for key in set(value) ^ set(published)]
    rules = SCHEMA.get(named(kind))
    if rules:
        needed = rules.required & set(published)
    else:
        needed = {k for k, v in published.items() if NoneType not in get_args(v)}
    found = [f"{where}.{key} is not published" for key in sorted(set(value) - set(published))]
    found += [f"{where}.{key} is missing" for key in sorted(needed - set(value))]
    for key in sorted(set(value) & set(published)):
        if rules and value[key] is None and key not in rules.nullable:
            found.append(f"{where}.{key} is null instead of left out")
        found += differences(value[key], published[key], kind, f"{where}.{key}")
    return found


def named(kind: type) -> str:
    """``payment_method.UsBankAccount``: the object's name, and the class of the hash within."""
    outer, _, inner = kind.__qualname__.partition(".")
    name = getattr(vars(sys.modules[kind.__module__])[outer], "OBJECT_NAME", outer)
    return f"{name}.{inner}" if inner else name


@cache
def annotations(kind: type) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        if issubclass(base, StripeObject) and base is not StripeObject:
            found |= getattr(base, "__annotations__", {}) if "__annotations__" in vars(base) else {}
    private = {k for k, v in found.items() if k.startswith("_") or get_origin(v) is typing.ClassVar}
    return {k: v for k, v in found.items() if k not in private}


def resolved(kind: Any, owner: type) -> Any:
    """Resolve a quoted name, which the module imports for type checkers only."""
    if isinstance(kind, ForwardRef):
        kind = kind.__forward_arg__
    if not isinstance(kind, str):
        return kind
    module = sys.modules[owner.__module__]
    names = {**vars(module), **imported_for_type_checkers(module)}
    return eval(kind, {**vars(typing), **names})


@cache
def imported_for_type_checkers(module: Any) -> dict[str, Any]:
    names = {}
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for stated in (each for each in node.body if isinstance(each, ast.ImportFrom)):
                source = importlib.import_module(stated.module or "")
                for alias in stated.names:
                    names[alias.asname or alias.name] = getattr(source, alias.name)
    return names


def of_json(value: dict[str, Any]) -> list[str]:
    """Differences of an object from the type that its ``object`` names."""
    name = value.get("object")
    if name == "list":
        return [d for each in value["data"] for d in of_json(each)]
    if "error" in value:
        return of_object(value["error"], stripe.ErrorObject, "error")
    found = differences(value, get_object_class("V1", str(name)), stripe.StripeObject, str(name))
    if name == "event":
        found += of_json(value["data"]["object"])
    return found


def of_notification(value: dict[str, Any]) -> list[str]:
    """Differences of a thin notification: its type must have a class, with a related object."""
    from stripe.events._event_classes import get_v2_event_notification_class

    kind = get_v2_event_notification_class(value["type"])
    if kind.__name__ == "UnknownEventNotification":
        return [f"{value['type']} is not published"]
    hints = {k for base in kind.__mro__ for k in getattr(base, "__annotations__", {})}
    return [f"{value['type']}.{key} is not published" for key in value if key not in hints]


def params(module: str, name: str) -> Any:
    """The keys and choices of a request's parameters."""
    return described(getattr(importlib.import_module(module), name), ("expand",))


def described(kind: Any, skip: tuple[str, ...] = ()) -> Any:
    options = set(stripe.RequestOptions.__annotations__)
    return {
        key: of_param(value, sys.modules[kind.__module__])
        for key, value in kind.__annotations__.items()
        if key not in options and key not in skip
    }


def of_param(kind: Any, module: Any) -> Any:
    """Nested keys, sorted choices, or None for a free value."""
    if isinstance(kind, ForwardRef):
        kind = kind.__forward_arg__
    if isinstance(kind, str):
        return of_param(eval(kind, vars(module)), module)
    if get_origin(kind) is Literal:
        return sorted(choice for choice in get_args(kind) if choice) or None
    if isinstance(kind, type) and typing_extensions.is_typeddict(kind):
        return described(kind)
    found = (of_param(each, module) for each in get_args(kind))
    return next((each for each in found if each), None)


if __name__ == "__main__":
    questions = json.load(sys.stdin)
    print(
        json.dumps(
            {
                "version": stripe.VERSION,
                "api_version": stripe.api_version,
                "objects": sorted({d for each in questions["objects"] for d in of_json(each)}),
                "notifications": sorted(
                    {d for each in questions["notifications"] for d in of_notification(each)}
                ),
                "params": [params(*each) for each in questions["params"]],
            }
        )
    )
