"""What the JSON of a codec is called, and how its parts are asked for."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pytest

from relink.engine.json_parts import UnwrittenError, kind_of, object_in, part


class Image:
    pass


class Other:
    pass


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (None, "null"),
        (True, "true or false"),
        (False, "true or false"),
        ({}, "an object"),
        ([], "a list"),
        ("", "a text"),
        (3, "a number"),
        (1.5, "a float"),
        ((), "a tuple"),
        (b"", "a bytes"),
        (Decimal(1), "a Decimal"),
        (date(2026, 1, 1), "a date"),
        (Image(), "an Image"),
        (Other(), "an Other"),
        (iter("ab"), "a str_ascii_iterator"),
    ],
)
def test_what_data_is_called(data: object, name: str) -> None:
    assert kind_of(data) == name


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([1], "it is an object, and this is a list; give what to_json returned"),
        (None, "it is an object, and this is null; give what to_json returned"),
        ("{}", "it is an object, and this is a text; parse it first: json.loads(...)"),
        (b"{}", "it is an object, and this is a bytes; parse it first: json.loads(...)"),
    ],
)
def test_what_is_no_object_is_refused(data: object, message: str) -> None:
    with pytest.raises(UnwrittenError) as caught:
        object_in(data, "it")
    assert str(caught.value) == message
    assert object_in({"a": 1}, "it") == {"a": 1}


PARTS: list[tuple[dict[str, object], type, str]] = [
    ({}, str, "it has no 'name', but nothing; give what to_json returned"),
    ({"a": 1, "b": 2}, str, "it has no 'name', but a, b; give what to_json returned"),
    (
        {"a": 1, "nmae": 2, "names": 3},
        str,
        "it has no 'name', but a, nmae, names; rename 'nmae', if that is meant",
    ),
    ({"name": 3}, str, "it has a number as 'name'; give a text, as to_json does"),
    ({"name": None}, int, "it has null as 'name'; give a number, as to_json does"),
    ({"name": {}}, list, "it has an object as 'name'; give a list, as to_json does"),
    ({"name": []}, Mapping, "it has a list as 'name'; give an object, as to_json does"),
]


@pytest.mark.parametrize(("data", "kind", "message"), PARTS)
def test_a_part_that_is_not_there_is_refused(
    data: dict[str, object], kind: type, message: str
) -> None:
    with pytest.raises(UnwrittenError) as caught:
        part(data, "name", kind, "it")
    assert str(caught.value) == message


@pytest.mark.parametrize(("kind", "held"), [(str, ""), (int, 0), (list, []), (Mapping, {"a": 1})])
def test_a_part_that_is_there_is_found(kind: type, held: object) -> None:
    assert part({"a": None, "name": held}, "name", kind, "it") is held
