"""The class of record classes: what pydantic refuses, said with the record's name and a cure.

A class of events, commands or facts with a field that cannot work is refused when it is made. An
instance with a wrong, missing or unknown field is refused when it is made, with all of its faults.
The values themselves are not in the message: a field may hold a secret.
"""

from collections.abc import Callable, Iterator
from threading import RLock
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError

from .arguments import shown_type
from .errors import FieldValueError, RecordError
from .reserved import MEANT_TO_BE_SET, WHY, refuse_name
from .suggest import did_you_mean

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
else:
    ModelMetaclass = type(BaseModel)

R = TypeVar("R", bound=BaseModel)

_SAID = {"value_error": "Value error, ", "assertion_error": "Assertion failed, "}
"""Faults that a validator of the record's own reports, and what pydantic puts before its text."""


_OWN = f"{__name__.partition('.')[0]}."


def is_own(module: str) -> bool:
    """Whether a module is one of relink's."""
    return module.startswith(_OWN)


class RecordMeta(ModelMetaclass):
    """Makes record classes."""

    def __new__(
        mcs, name: str, bases: tuple[type, ...], body: dict[str, Any], **settings: Any
    ) -> Any:
        """Make the class.

        Raises:
            RecordError: a field has no annotation, a name that the engine reads, or a type whose
                values cannot be checked.
        """
        if defers := is_own(body.get("__module__", "")):
            settings["defer_build"] = True
        try:
            made: Any = super().__new__(mcs, name, bases, body, **settings)
            if defers:
                # Not for the classes that a user derives from it.
                del made.model_config["defer_build"]
            return made
        except PydanticSchemaGenerationError as error:
            raise RecordError(_unchecked(name, body)) from error
        except PydanticUserError as error:
            if error.code != "model-field-missing-annotation":
                raise RecordError(f"{name} is refused: {error.message}; see the cause") from error
            # Newer releases of pydantic come to the check of the names before this.
            for taken in WHY.keys() - MEANT_TO_BE_SET:
                if taken in body and any(hasattr(base, taken) for base in bases):
                    refuse_name(name, taken)
            bare = list(_without_annotation(body, bases))
            raise RecordError(
                f"{name}: {', '.join(bare)} has no annotation; give each field a type, such as "
                f"{bare[0]}: {type(body[bare[0]]).__name__} = ..."
            ) from None

    if not TYPE_CHECKING:

        def __getattr__(cls, name: str) -> NoReturn:
            # pydantic asks for hundreds of attributes that are not there while it makes a class,
            # and looks for private ones, which no record has: 4 ms of a cold start.
            raise AttributeError(name)

        # Nothing registers as a record. pydantic's own check takes ten times as long.
        __instancecheck__ = type.__instancecheck__

        def __call__(cls, *positional: Any, **fields: Any) -> Any:
            """Make an instance.

            Raises:
                FieldValueError: fields are wrong, missing, unknown, or not given by name.
            """
            if positional and not cls.__pydantic_custom_init__:
                known = ", ".join(f"{field}=..." for field in cls.model_fields)
                raise FieldValueError(
                    f"{cls.__name__} got a value without a field; name the fields: "
                    f"{cls.__name__}({known})"
                )
            try:
                if positional:
                    return super().__call__(*positional, **fields)
                return MAKERS[cls](fields)
            except (ValidationError, PydanticUserError) as error:
                _refuse(cls, error)


_BUILDING = RLock()


class _Makers(dict[type[BaseModel], Callable[[dict[str, Any]], Any]]):
    """How to make a record of each class from its fields.

    It is what ``BaseModel.__init__`` does, in a quarter of the time: each look at an attribute of a
    class of pydantic's goes through the ``__getattr__`` of its metaclass.
    """

    def __missing__(self, cls: type[BaseModel]) -> Callable[[dict[str, Any]], Any]:
        if cls.__pydantic_custom_init__:
            return lambda fields: ModelMetaclass.__call__(cls, **fields)
        # Asking for it builds a validator that was deferred. While one thread does so, pydantic has
        # moments in which another one finds none.
        with _BUILDING:
            make: Callable[[dict[str, Any]], Any] = cls.__pydantic_validator__.validate_python
        # Until then it stands in for the validator, which is built when it is first used.
        if cls.__pydantic_complete__:
            self[cls] = make
        return make


MAKERS = _Makers()
"""Each takes the fields, and raises what pydantic raises."""


def make(record: type[R], fields: dict[str, Any]) -> R:
    """Make a record from its fields, as its class does; a call less for who has them in a dict.

    Raises:
        FieldValueError: fields are wrong, missing or unknown.
    """
    try:
        made: R = MAKERS[record](fields)
        return made
    except ValidationError as error:
        refuse_values(record, error)


def _refuse(record: type[BaseModel], error: ValidationError | PydanticUserError) -> NoReturn:
    if isinstance(error, ValidationError):
        refuse_values(record, error)
    raise RecordError(
        f"{record.__name__}: the type of a field is not defined; import it where the class is "
        "defined"
    ) from error


def refuse_values(record: type[BaseModel], error: ValidationError) -> NoReturn:
    """Raise the error for all values that do not fit the fields of a record.

    Raises:
        FieldValueError: always.
    """
    faults = faults_of(record, error, "add {}=...")
    raise FieldValueError(
        f"{record.__name__}: {faults[0]}"
        if len(faults) == 1
        else "\n  ".join([f"{record.__name__}:", *faults])
    ) from None


def faults_of(record: type[BaseModel], error: ValidationError, missing: str) -> list[str]:
    """What is wrong with values that do not fit the fields of a record, one text for each.

    Args:
        record: The class.
        error: What pydantic says.
        missing: What to do about a missing field, with ``{}`` for its name.
    """
    return [_misfit(record, fault, missing) for fault in error.errors()]


def _misfit(record: type[BaseModel], fault: Any, missing: str) -> str:
    place = ".".join(map(str, fault["loc"]))
    kind = fault["type"]
    known = record.model_fields
    if kind == "missing":
        return f"the field {place} is missing; {missing.format(place)}"
    if kind == "extra_forbidden":
        otherwise = f"its fields are {', '.join(known)}" if known else "it has no fields"
        return f"it has no field {place!r}; {did_you_mean(place, known) or otherwise}"
    if kind in _SAID:
        said = fault["msg"].removeprefix(_SAID[kind])
        return f"{place}: {said}" if place else str(said)
    given = fault["input"]
    got = "None" if given is None else f"a value of type {type(given).__name__}"
    if isinstance(given, type):
        got = f"the class {given.__name__}"
    if not place:
        return f"it takes values by field, and got {got}; its fields are {', '.join(known)}"
    field = known.get(str(fault["loc"][0]))
    takes = shown_type(field.annotation) if field else "other values"
    rule = fault["msg"].replace("Input should", "it should")
    if isinstance(given, type):
        rule = f"give an instance: {given.__name__}(...)"
    elif field and type(given) is field.annotation:
        return f"the field {place} does not take the value it got; {rule}"
    return f"the field {place} takes {takes}, and got {got}; {rule}"


def _without_annotation(body: dict[str, Any], bases: tuple[type, ...]) -> Iterator[str]:
    annotated = body.get("__annotations__", {})
    for name, value in body.items():
        plain = not callable(value) and not hasattr(value, "__get__")
        # What a base has too is no field: model_config, upgrades, former_names.
        known = name in annotated or any(hasattr(base, name) for base in bases)
        if plain and not name.startswith("_") and not known:
            yield name


def _unchecked(record: str, body: dict[str, Any]) -> str:
    places = []
    for name, annotation in body.get("__annotations__", {}).items():
        try:
            TypeAdapter(annotation)
        except PydanticSchemaGenerationError:
            places.append(f"{record}.{name} holds {shown_type(annotation)}")
        except Exception:  # not defined yet, or written as a text
            continue
    place = ", ".join(places) or f"{record} has a field"
    return (
        f"{place}, whose values cannot be checked or written as JSON; use plain data: numbers, "
        "text, tuples, enums or frozen models"
    )
