"""A secret shows its text only by a call of reveal()."""

import copy
import dataclasses
import json
import logging
import pickle
import pprint
import traceback
from typing import Any

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relink.adapters.gateway.protocol import Answer
from relink.adapters.gateway.secret import ApiKey, ClientSecret, HostedUrl, Secret

TEXT = "fcsess_client_secret_Unmistakable"


@pytest.fixture
def secret() -> ClientSecret:
    return ClientSecret(TEXT)


def test_a_secret_is_revealed_by_reveal(secret: ClientSecret) -> None:
    assert secret.reveal() == TEXT


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        ascii,
        pprint.pformat,
        "{}".format,
        "{!r:>60}".format,
        "%s".__mod__,
        lambda it: f"{it:^40}",
        lambda it: repr([it, {"key": it}]),
        lambda it: json.dumps(it, default=str),
        lambda it: repr(dataclasses.asdict(Answer(secret=it))),
        lambda it: repr(Answer((), it, HostedUrl(TEXT))),
        lambda it: str(dir(it)),
        lambda it: logging.makeLogRecord({"msg": "%s %r", "args": (it, it)}).getMessage(),
        lambda it: "".join(
            traceback.TracebackException.from_exception(_raised(it), capture_locals=True).format()
        ),
    ],
)
def test_a_secret_does_not_show_in_text(secret: ClientSecret, show: Any) -> None:
    assert TEXT not in show(secret)


def _raised(secret: ClientSecret) -> Exception:
    try:
        raise ValueError(secret)
    except ValueError as error:
        return error


class Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(arbitrary_types_allowed=True)

    secret: ClientSecret


@pytest.mark.parametrize(
    "keep",
    [
        pickle.dumps,
        json.dumps,
        vars,
        bytes,
        list,
        lambda it: it.__getstate__(),
        lambda it: it.__reduce__(),
        lambda it: pickle.dumps(Answer(secret=it)),
        lambda it: json.dumps(it, default=vars),
        lambda it: Model(secret=it).model_dump_json(),
        lambda it: "".join([it]),
    ],
)
def test_a_secret_cannot_be_pickled_or_serialised(secret: ClientSecret, keep: Any) -> None:
    with pytest.raises((TypeError, pydantic.PydanticUserError, ValueError)) as raised:
        keep(secret)
    assert TEXT not in str(raised.value)


def test_copies_of_a_secret_are_the_secret_itself(secret: ClientSecret) -> None:
    assert copy.copy(secret) is secret
    assert copy.deepcopy({"key": secret})["key"] is secret


@given(one=st.text(), other=st.text())
def test_secrets_are_equal_by_kind_and_text(one: str, other: str) -> None:
    assert (ClientSecret(one) == ClientSecret(other)) is (one == other)
    assert len({ClientSecret(one), ClientSecret(other)}) == len({one, other})
    assert ClientSecret(one) != ApiKey(one)
    assert ClientSecret(one) != one


@given(st.text(min_size=8))
def test_the_repr_of_a_secret_shows_nothing_of_its_text(text: str) -> None:
    assert repr(Secret(text)) == "Secret(hidden)"
