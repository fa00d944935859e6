"""Schemas: values for a type, from what pydantic itself knows of it.

Pydantic turns every type into a schema of its core, with all bounds, formats and choices in it.
So whatever it can validate, it also describes. Where a type has validators of its own, the schema
does not say what they accept: values are tried, and those that are refused are drawn again.
"""

import re
import typing
import uuid
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Annotated, Any, TypeVar

from hypothesis import reject
from hypothesis import strategies as st
from pydantic import (
    TypeAdapter,
    ValidationError,
)
from pydantic.types import EncodedBytes, EncodedStr
from pydantic_core import to_json

from ..arguments import shown_type
from .known import FEW, LETTERS, PLAIN, known
from .moments import dates, datetimes, durations, times
from .no_payload import NeverAcceptedError, NoPayloadError, NothingWithinError
from .scalars import Bounds, decimals, floats, fractions, mostly, strings, whole_numbers

V = TypeVar("V")

Schema = Mapping[str, Any]

_TRIES = 20
_ROUNDS = 10
"""After how many rounds of tries without one accepted value to give up."""
_STANDARD = {"builtins", "ipaddress", "pathlib", "re", "fractions", "zoneinfo"}
"""Modules of classes whose instances Hypothesis can make up by itself."""
_BOUND = {"str", "bytes", "int", "float", "decimal", "fraction"}


def of_type(
    annotation: Any, metadata: tuple[object, ...], model: Callable[[Any], st.SearchStrategy[Any]]
) -> st.SearchStrategy[Any]:
    """Values of a type.

    Args:
        annotation: The type.
        metadata: What stands beside it in ``Annotated``, or in the field.
        model: Gives values of a class of models.

    Raises:
        NoPayloadError: its schema does not say what it accepts.
    """
    adapter = _adapter(annotation, metadata)
    bounds = Bounds.of(metadata)
    reader = _Reader(model, bounds)
    special = known(annotation, metadata, bounds)
    if special is not None:
        # What a path has to lead to is no matter of luck: pydantic says what is missing.
        is_path = isinstance(annotation, type) and issubclass(annotation, PurePath)
        found, reader.is_guess = special, bool(metadata) and not is_path
    else:
        try:
            found = reader.read(adapter.core_schema)
        except NothingWithinError:
            raise
        except NoPayloadError:
            module = getattr(annotation, "__module__", "")
            if module not in _STANDARD | {"typing"} or annotation is object:
                raise NoPayloadError(f"the type {shown_type(annotation)} has no strategy") from None
            found, reader.is_guess = st.from_type(annotation), True

    def accepts(value: object) -> bool:
        try:
            adapter.validate_python(value)
        except (ValidationError, TypeError):  # a bound that cannot be compared is a TypeError
            return False
        return True

    return accepted(found, accepts, shown_type(annotation)) if reader.is_guess else found


def accepted(
    drawn: st.SearchStrategy[V], accepts: Callable[[V], bool], what: str
) -> st.SearchStrategy[V]:
    """Values that a validator accepts.

    Raises:
        NeverAcceptedError: when drawn, if nothing is ever accepted.
    """
    rounds, is_ever_accepted = 0, False

    @st.composite
    def made(draw: st.DrawFn) -> V:
        nonlocal rounds, is_ever_accepted
        for _ in range(_TRIES):
            if accepts(value := draw(drawn)):
                is_ever_accepted = True
                return value
        rounds += 1
        if rounds >= _ROUNDS and not is_ever_accepted:
            raise NeverAcceptedError(what, _ROUNDS * _TRIES)
        return reject()

    return made()


def is_recursive(alias: Any) -> bool:
    """Whether what an alias stands for names another by a string, such as itself."""
    if isinstance(alias, str | typing.ForwardRef):
        return True
    return any(is_recursive(part) for part in typing.get_args(alias) if part is not alias)


def _adapter(annotation: Any, metadata: tuple[object, ...]) -> TypeAdapter[Any]:
    for beside in (metadata, ()):  # what is beside a union does not fit each of its types
        try:
            return TypeAdapter(Annotated[(annotation, *beside)] if beside else annotation)
        except Exception:
            continue
    raise NoPayloadError(f"the type {shown_type(annotation)} has no strategy")


class _Reader:
    """Reads one schema."""

    def __init__(self, model: Callable[[Any], st.SearchStrategy[Any]], bounds: Bounds) -> None:
        self._model = model
        # Those that pydantic checks around the type, instead of within it.
        self._bounds = {x: y for x in Bounds.__slots__ if (y := getattr(bounds, x)) is not None}
        self._definitions: dict[str, Schema] = {}
        self._made: dict[str, st.SearchStrategy[Any]] = {}
        self.is_guess = False
        """Whether some values may be refused."""

    def read(self, schema: Schema) -> st.SearchStrategy[Any]:
        kind = schema["type"]
        if kind in _BOUND:
            schema = {**self._bounds, **schema}
        if (scalar := _SCALARS.get(kind)) is not None:
            try:
                return scalar(schema)
            except (ArithmeticError, ValueError):  # beyond the last date, or a bound that is NaN
                raise NothingWithinError(f"no {kind} lies within its bounds") from None
        read = getattr(self, f"_of_{kind.replace('-', '_')}", None)
        if read is None:
            raise NoPayloadError(f"the schema {kind!r} has no strategy")
        found: st.SearchStrategy[Any] = read(schema)
        return found

    def _first(self, *schemas: Schema) -> st.SearchStrategy[Any]:
        """Of the first schema that says what it accepts."""
        for schema in schemas[:-1]:
            try:
                return self.read(schema)
            except NoPayloadError:
                continue
        return self.read(schemas[-1])

    # -- Classes --

    def _of_model(self, schema: Schema) -> st.SearchStrategy[Any]:
        return self._model(schema["cls"])

    def _of_str(self, schema: Schema) -> st.SearchStrategy[str]:
        self.is_guess |= bool({"pattern", "strip_whitespace", "ascii_only"} & schema.keys())
        bounds = Bounds.within(schema)
        try:
            re.compile(schema.get("pattern", ""))
            found = strings(bounds)
        except (re.error, RecursionError):
            # Pydantic's patterns are those of Rust.
            raise NoPayloadError(f"the pattern {schema['pattern']!r} has no strategy") from None
        least, most = bounds.min_length or 0, bounds.max_length
        if bounds.pattern is None:
            return found
        what = f"the length beside the pattern {bounds.pattern!r}"
        return accepted(found, lambda it: least <= len(it) <= (most or len(it)), what)

    def _of_enum(self, schema: Schema) -> st.SearchStrategy[Any]:
        return st.sampled_from(schema["members"])

    def _of_literal(self, schema: Schema) -> st.SearchStrategy[Any]:
        return st.sampled_from(schema["expected"])

    def _of_is_instance(self, schema: Schema) -> st.SearchStrategy[Any]:
        kind = schema["cls"]
        if getattr(kind, "__module__", "") not in _STANDARD or kind is object:
            raise NoPayloadError(f"the type {shown_type(kind)} has no strategy")
        self.is_guess = True
        return st.from_type(kind)

    def _of_dataclass(self, schema: Schema) -> st.SearchStrategy[Any]:
        kind, fields = schema["cls"], _inner(schema["schema"])["fields"]
        drawn = {field["name"]: self.read(field["schema"]) for field in fields if _is_init(field)}

        def made(given: dict[str, Any]) -> Any:
            try:
                return kind(**given)
            except (ValueError, AssertionError):  # as pydantic takes those of a validator
                return None

        built = st.fixed_dictionaries(drawn).map(made)
        return accepted(built, lambda it: it is not None, f"the class {shown_type(kind)}")

    def _of_named_tuple(self, schema: Schema) -> st.SearchStrategy[Any]:
        drawn = [self.read(field["schema"]) for field in schema["fields"]]
        return st.tuples(*drawn).map(lambda given: schema["cls"](*given))

    def _of_call(self, schema: Schema) -> st.SearchStrategy[Any]:
        arguments = _inner(schema["arguments_schema"])["arguments_schema"]
        drawn = [self.read(each["schema"]) for each in arguments]
        return st.tuples(*drawn).map(lambda given: schema["function"](*given))

    def _of_typed_dict(self, schema: Schema) -> st.SearchStrategy[Any]:
        fields = schema["fields"].items()
        needed = {name: each for name, each in fields if each.get("required", True)}
        optional = {name: each for name, each in fields if name not in needed}
        return st.fixed_dictionaries(
            {name: self.read(each["schema"]) for name, each in needed.items()},
            optional={name: self.read(each["schema"]) for name, each in optional.items()},
        )

    # -- Containers --

    def _items(self, schema: Schema, key: str = "items_schema") -> st.SearchStrategy[Any]:
        inner = schema.get(key)
        return PLAIN if inner is None or inner["type"] == "any" else self.read(inner)

    def _of_list(self, schema: Schema) -> st.SearchStrategy[list[Any]]:
        return st.lists(self._items(schema), **sizes(Bounds.within(schema)))

    _of_generator = _of_list

    def _of_set(self, schema: Schema) -> st.SearchStrategy[set[Any]]:
        return st.sets(self._items(schema), **sizes(Bounds.within(schema)))

    def _of_frozenset(self, schema: Schema) -> st.SearchStrategy[frozenset[Any]]:
        return self._of_set(schema).map(frozenset)

    def _of_dict(self, schema: Schema) -> st.SearchStrategy[dict[Any, Any]]:
        keys = self._items(schema, "keys_schema")
        keys = LETTERS if keys is PLAIN else keys  # as in JSON
        held = self._items(schema, "values_schema")
        return st.dictionaries(keys, held, **sizes(Bounds.within(schema)))

    def _of_tuple(self, schema: Schema) -> st.SearchStrategy[tuple[Any, ...]]:
        items = list(schema["items_schema"])
        place = schema.get("variadic_item_index")
        if place is None:
            return st.tuples(*map(self.read, items))
        many = items[place]
        inner = PLAIN if many["type"] == "any" else self.read(many)
        parts = [
            st.lists(inner, **sizes(Bounds.within(schema))).map(tuple)
            if number == place
            else st.tuples(self.read(each))
            for number, each in enumerate(items)
        ]
        return st.tuples(*parts).map(lambda drawn: tuple(x for part in drawn for x in part))

    # -- Around another schema --

    def _of_nullable(self, schema: Schema) -> st.SearchStrategy[Any]:
        return st.one_of(st.none(), self.read(schema["schema"]))

    def _of_union(self, schema: Schema) -> st.SearchStrategy[Any]:
        found = []
        for choice in schema["choices"]:
            try:
                found.append(self.read(choice[0] if isinstance(choice, tuple) else choice))
            except NoPayloadError:
                continue
        if not found:
            raise NoPayloadError("no type of the union has a strategy")
        return st.one_of(found)

    def _of_tagged_union(self, schema: Schema) -> st.SearchStrategy[Any]:
        return st.one_of([self.read(choice) for choice in schema["choices"].values()])

    def _of_default(self, schema: Schema) -> st.SearchStrategy[Any]:
        return self.read(schema["schema"])

    _of_custom_error = _of_default

    def _of_function_after(self, schema: Schema) -> st.SearchStrategy[Any]:
        self.is_guess = True
        inner = self.read(schema["schema"])
        encoded = getattr(schema["function"]["function"], "__self__", None)
        if isinstance(encoded, EncodedStr):
            return inner.map(encoded.encode_str)
        return inner.map(encoded.encode) if isinstance(encoded, EncodedBytes) else inner

    _of_function_before = _of_function_wrap = _of_function_after

    def _of_chain(self, schema: Schema) -> st.SearchStrategy[Any]:
        self.is_guess = True
        return self._first(*schema["steps"])

    def _of_lax_or_strict(self, schema: Schema) -> st.SearchStrategy[Any]:
        return self._first(schema["strict_schema"], schema["lax_schema"])

    def _of_json_or_python(self, schema: Schema) -> st.SearchStrategy[Any]:
        return self._first(schema["python_schema"], schema["json_schema"])

    def _of_json(self, schema: Schema) -> st.SearchStrategy[str]:
        inner = self._items(schema, "schema")
        return inner.map(lambda value: to_json(value).decode())

    def _of_definitions(self, schema: Schema) -> st.SearchStrategy[Any]:
        self._definitions |= {each["ref"]: each for each in schema["definitions"]}
        return self.read(schema["schema"])

    def _of_definition_ref(self, schema: Schema) -> st.SearchStrategy[Any]:
        ref = schema["schema_ref"]
        if ref not in self._made:
            self._made[ref] = st.deferred(lambda: made)
            made = self.read(self._definitions[ref])
        return self._made[ref]


def sizes(bounds: Bounds) -> dict[str, Any]:
    """How many items a container gets."""
    least = bounds.min_length or 0
    return {
        "min_size": least,
        "max_size": least + FEW if bounds.max_length is None else bounds.max_length,
    }


def _inner(schema: Schema) -> Schema:
    """What validators are around."""
    while "schema" in schema:
        schema = schema["schema"]
    return schema


def _is_init(field: Schema) -> bool:
    return field.get("init") is not False


def _binary(schema: Schema) -> st.SearchStrategy[bytes]:
    bounds = Bounds.within(schema)
    size = sizes(bounds)
    length = min(max(1, size["min_size"]), size["max_size"])
    few = [st.just(letter * length) for letter in (b"a", b"b", b"c")]
    return mostly(few, st.binary(**size))


def _urls(schema: Schema) -> st.SearchStrategy[str]:
    schemes = st.sampled_from(schema.get("allowed_schemes") or ["https", "http"])
    paths = st.sampled_from(["a", "b", "c"])
    return st.tuples(schemes, paths).map(lambda pair: f"{pair[0]}://example.com/{pair[1]}")


def _uuids(schema: Schema) -> st.SearchStrategy[uuid.UUID]:
    version = schema.get("version")

    def marked(number: int) -> uuid.UUID:
        if version is not None:
            number = number & ~(0xF << 76) | version << 76
            number = number & ~(0x3 << 62) | 0x2 << 62
        return uuid.UUID(int=number)

    whole = st.integers(0, (1 << 128) - 1)
    return mostly([st.integers(0, most) for most in (1, 3, 9)], whole).map(marked)


def _complex(schema: Schema) -> st.SearchStrategy[complex]:
    return st.complex_numbers(allow_nan=False, allow_infinity=False)


_SCALARS: dict[str, Callable[[Schema], st.SearchStrategy[Any]]] = {
    "none": lambda _: st.none(),
    "bool": lambda _: st.booleans(),
    "int": lambda schema: whole_numbers(Bounds.within(schema)),
    "float": lambda schema: floats(Bounds.within(schema)),
    "decimal": lambda schema: decimals(Bounds.within(schema)),
    "complex": _complex,
    "fraction": lambda schema: fractions(Bounds.within(schema)),
    "bytes": _binary,
    "date": dates,
    "time": times,
    "datetime": datetimes,
    "timedelta": durations,
    "url": _urls,
    "multi-host-url": _urls,
    "uuid": _uuids,
}
