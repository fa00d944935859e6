"""Every request to the API gets an answer in Stripe's format."""

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from relink.adapters.simulator import GENERAL, PREVIEW, Request, Simulator, encode
from relink.adapters.simulator.endpoints import (
    connections,
    customers,
    external_accounts,
    payment_methods,
)
from relink.adapters.simulator.endpoints.events import EVENTS
from relink.adapters.simulator.forms import decode
from relink.adapters.simulator.parameters import EXPAND, PAGE, Each, Hash, Kind, Text

from ..profile import examples
from .sdk import KEY

SIM = Simulator()
CUSTOMER = SIM.add_customer()
ACCT = SIM.add_connected_account()
ACCOUNT = SIM.link_account(CUSTOMER)

IDS = [CUSTOMER, ACCT, ACCOUNT.id, ACCOUNT.authorization.id, "x", "[", "²", ""]
ODD = ["", "-1", "1", "100", "9" * 30, "²", "http://[", "https://a.b", "*", "\x00", "true"]

ENDPOINTS: list[tuple[str, str, Mapping[str, Kind]]] = [
    ("POST", "/v1/financial_connections/sessions", connections.PREVIEW_SESSION),
    ("GET", "/v1/financial_connections/sessions/{}", EXPAND),
    ("GET", "/v1/financial_connections/accounts", connections.ACCOUNTS),
    ("GET", "/v1/financial_connections/accounts/{}", EXPAND),
    ("GET", "/v1/financial_connections/authorizations/{}", EXPAND),
    ("POST", "/v1/customers", customers.CUSTOMER),
    ("GET", "/v1/customers", PAGE),
    ("POST", "/v1/customers/{}", customers.CUSTOMER),
    ("GET", "/v1/customers/{}/payment_methods", payment_methods.OF_CUSTOMER),
    ("POST", "/v1/payment_methods", payment_methods.PAYMENT_METHOD),
    ("GET", "/v1/payment_methods", payment_methods.PAYMENT_METHODS),
    ("POST", "/v1/payment_methods/{}/attach", payment_methods.ATTACH),
    ("POST", "/v1/payment_methods/{}/detach", EXPAND),
    ("GET", "/v1/mandates/{}", EXPAND),
    ("POST", "/v1/accounts/{}/external_accounts", external_accounts.EXTERNAL_ACCOUNT),
    ("GET", "/v1/accounts/{}/external_accounts", external_accounts.EXTERNAL_ACCOUNTS),
    ("DELETE", "/v1/accounts/{}/external_accounts/x", EXPAND),
    ("GET", "/v1/events", EVENTS),
    ("GET", "/v1/events/{}", EXPAND),
    ("GET", "/v2/core/events/{}", EXPAND),
    ("PUT", "/v1/{}", EXPAND),
    ("PATCH", "/v2/{}", EXPAND),
]

texts = st.one_of(st.sampled_from(IDS + ODD), st.text(max_size=5))
wrong: st.SearchStrategy[Any] = st.one_of(
    texts, st.dictionaries(st.sampled_from(["0", "²", "type"]), texts, max_size=2)
)


def given_to(kind: Kind) -> st.SearchStrategy[Any]:
    """Values for a parameter of a kind: mostly of its shape, sometimes not."""
    right: st.SearchStrategy[Any] = texts
    match kind:
        case Hash():
            right = params_of(kind.fields)
        case Each():
            places = st.sampled_from(["0", "0", "1", "2", "²", "9" * 5000, "x"])
            right = st.dictionaries(places, given_to(kind.kind), max_size=3)
        case Text() if kind.choices:
            right = st.sampled_from(kind.choices)
    return st.one_of(right, right, right, wrong)


def params_of(fields: Mapping[str, Kind]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({}, optional={k: given_to(kind) for k, kind in fields.items()})


asked = st.one_of(
    *(
        st.tuples(
            st.just(method),
            st.sampled_from(IDS).map(path.format),
            st.one_of(params_of(fields).map(encode), params_of(fields).map(encode), st.binary()),
        )
        for method, path, fields in ENDPOINTS
    )
)
versions = st.sampled_from([GENERAL, PREVIEW, PREVIEW, "2020-01-01; a_beta=v1", "²"])
headers = st.fixed_dictionaries(
    {"authorization": st.sampled_from([f"Bearer {KEY}"] * 9 + ["Bearer", "é"])},
    optional={
        "stripe-version": st.sampled_from(
            [GENERAL, PREVIEW, PREVIEW, "2020-01-01; a_beta=v1", "²"]
        ),
        "stripe-account": st.sampled_from([ACCT, "acct_x", ""]),
        "stripe-context": st.sampled_from([ACCT, f"org_x/{ACCT}", "/", ""]),
        "idempotency-key": st.text(max_size=2),
    },
)


@settings(max_examples=examples(300))
@given(asked, headers)
def test_any_request_gets_an_answer_in_the_format_of_stripe(
    asked: tuple[str, str, bytes], sent: dict[str, str]
) -> None:
    method, path, form = asked
    answer = SIM.handle(Request(method, path, form, form, sent))
    body = json.loads(answer.body)
    if answer.status == 200:
        assert "object" in body
    else:
        assert answer.status in (400, 401, 403, 404)
        assert body["error"]["type"] in ("invalid_request_error", "idempotency_error")
        assert body["error"]["message"]
    assert {"request-id", "date", "content-type"} <= answer.headers.keys()


plain_keys = st.text(st.characters(exclude_characters="[]", exclude_categories=["Cs"]), min_size=1)
plain_texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(
    st.recursive(
        plain_texts,
        lambda inner: st.dictionaries(plain_keys, inner, min_size=1, max_size=3),
        max_leaves=6,
    ).filter(lambda tree: isinstance(tree, dict) and depth(tree) <= 5)
)
def test_encoded_parameters_are_decoded_to_the_same_values(tree: dict[str, Any]) -> None:
    assert decode(encode(tree)) == tree


def depth(tree: Any) -> int:
    return 1 + max(map(depth, tree.values()), default=0) if isinstance(tree, dict) else 0


def test_parameters_are_encoded_as_by_the_sdk() -> None:
    params = {"on": True, "off": False, "none": None, "list": ["a b", {"c": 1}], "empty": ""}
    assert encode(params) == b"on=true&off=false&list[0]=a+b&list[1][c]=1&empty="
    assert decode(b"a[]=x&a[]=y&b[=z") == {"a": {"0": "x", "1": "y"}, "b[": "z"}
