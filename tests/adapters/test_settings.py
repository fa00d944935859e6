"""Settings from the environment: valid ones are read, invalid ones are explained."""

import json
import re
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relink.adapters.settings import SETTINGS, Settings, SettingsError, Waits, hide_secrets
from relink.adapters.store.retention import DAY

ALL = {
    "STRIPE_API_KEY": "sk_test_1",
    "STRIPE_WEBHOOK_SECRET": "whsec_1, whsec_2",
    "STRIPE_API_BASE": "http://127.0.0.1:12111",
    "RELINK_GATEWAY": "dry-run",
    "RELINK_DATABASE_URL": "postgresql://relink:pass1@db/relink",
    "RELINK_DATABASE_SCHEMA": "relink_2",
    "RELINK_API_TOKEN": "a-token",
    "RELINK_NOTIFY_URL": "https://shop.example/relink",
    "RELINK_NOTIFY_SECRET": "another-secret",
    "RELINK_RETURN_ORIGINS": "https://shop.example,https://pay.example",
    "RELINK_POLICY": '{"attempts": 5}',
    "RELINK_RECONCILE_HOURS": "6",
    "RELINK_RETENTION_DAYS": "90",
    "RELINK_DATABASE_TIMEOUT": "12.5",
    "RELINK_PREDECESSOR_WAIT": "45",
    "RELINK_STRIPE_TIMEOUT": "20",
    "RELINK_CALLER_STRIPE_TIMEOUT": "7.5",
    "RELINK_NOTIFY_TIMEOUT": "5",
    "RELINK_DRAIN_TIMEOUT": "15",
}


def test_every_variable_is_read():
    settings = Settings.from_environment(ALL)
    assert settings.webhook_secrets == ("whsec_1", "whsec_2")
    assert (settings.is_live, settings.runs_worker_in_process) == (False, False)
    assert settings.gateway_name == "dry-run"
    assert settings.return_origins == ("https://shop.example", "https://pay.example")
    assert settings.policy.attempts == 5
    assert (settings.reconcile_every, settings.kept_for) == (6 * 3600, 90 * DAY)
    assert (settings.waits.predecessor, settings.waits.database) == (45, 12.5)
    assert (settings.waits.stripe, settings.waits.stripe_for_caller) == (20, 7.5)
    assert (settings.database.schema, settings.database.timeout) == ("relink_2", 12.5)
    assert {setting.name for setting in SETTINGS} == set(ALL)


def test_empty_variables_count_as_not_set():
    settings = Settings.from_environment(dict.fromkeys(ALL, " "))
    assert settings == Settings.from_environment({})
    assert settings.runs_worker_in_process
    assert settings.api_token is None


def test_live_mode_follows_from_the_prefix_of_the_key():
    for key, live in (("sk_live_1", True), ("rk_live_1", True), ("sk_test_1", False)):
        assert Settings.from_environment({"STRIPE_API_KEY": key}).is_live is live


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("STRIPE_API_BASE", "api.stripe.com", "STRIPE_API_BASE is invalid: it must be like"),
        (
            "RELINK_DATABASE_URL",
            "mysql://me:hunter2@db/x",
            "must be SQLite or PostgreSQL",
        ),
        (
            "RELINK_NOTIFY_URL",
            "ftp://me:hunter2@shop",
            "RELINK_NOTIFY_URL is invalid: it must be an http or https URL",
        ),
        ("RELINK_NOTIFY_SECRET", "", "RELINK_NOTIFY_SECRET is not set: RELINK_NOTIFY_URL needs it"),
        ("RELINK_RETENTION_DAYS", "34", "from 35 to 36,500; it is 34"),
        (
            "RELINK_RETENTION_DAYS",
            "forever",
            "RELINK_RETENTION_DAYS is invalid: it must be a whole number",
        ),
        ("RELINK_RECONCILE_HOURS", "0", "from 1 to 8,784; it is 0"),
        ("RELINK_POLICY", "{", "it is wrong in this: the value: Invalid JSON"),
        (
            "RELINK_POLICY",
            '{"attemps": 3}',
            "a name is unknown: did you mean attempts",
        ),
        ("RELINK_POLICY", '{"reminders": [5, 4]}', "reminders must ascend"),
    ],
)
def test_an_error_names_the_variable_and_the_rule_and_shows_no_password(
    variable: str, value: str, message: str
):
    with pytest.raises(SettingsError, match=re.escape(message)) as refused:
        Settings.from_environment(ALL | {variable: value})
    assert "hunter2" not in str(refused.value)


def test_every_invalid_variable_has_a_line_and_the_valid_ones_are_read():
    wrong = {"RELINK_POLICY": "{", "RELINK_RETENTION_DAYS": "34", "STRIPE_API_BASE": "stripe"}
    settings, faults = Settings.examine(ALL | wrong)
    assert set(faults) == set(wrong)
    assert all(str(text).startswith(f"{name} is invalid: ") for name, text in faults.items())
    assert (settings.kept_for, settings.reconcile_every) == (400 * DAY, 6 * 3600)
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment(ALL | wrong)
    assert sorted(str(refused.value).splitlines()) == sorted(map(str, faults.values()))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RELINK_RETENTION_DAYS", "hunter2"),
        ("RELINK_RECONCILE_HOURS", "12345678901"),
        ("RELINK_POLICY", '{"hunter2": "hunter2", "attempts": "hunter2"}'),
        ("RELINK_NOTIFY_URL", "hunter2"),
        ("RELINK_DATABASE_URL", "hunter2"),
    ],
)
def test_a_secret_in_the_wrong_place_is_not_shown(variable: str, value: str):
    _, faults = Settings.examine(ALL | {variable: value})
    assert list(faults) == [variable]
    assert value not in str(faults[variable])
    assert "hunter2" not in str(faults[variable])


def test_the_repr_of_settings_shows_no_secret():
    shown = repr(Settings.from_environment(ALL))
    for secret in ("sk_test_1", "whsec_1", "a-token", "another-secret", "pass1"):
        assert secret not in shown


# ── hostile values ───────────────────────────────────────────────────────────

WRONG = {
    "STRIPE_API_KEY": ["whsec_x", "sk_1", "pk_test_1", "sk_test_1;sk_test_2", "sk_test_", "1"],
    "STRIPE_WEBHOOK_SECRET": ["sk_test_1", "whsec_1\nwhsec_2", "whsec_1;whsec_2", "we_1", "whsec_"],
    "STRIPE_API_BASE": [
        "http://h:0",
        "http://h:99999",
        "http://[x",
        "http://u:p@h",
        "ftp://h",
        "h",
    ],
    "RELINK_GATEWAY": ["strype", "sk_test_1"],
    "RELINK_DATABASE_URL": ["http://[", "sqlite://", "mysql://db/x", "nonsense"],
    "RELINK_API_TOKEN": ["sk_test_1", "whsec_1", "two words", "tok\u00e9n"],
    "RELINK_NOTIFY_URL": [
        *("http://h:99999/", "http://h:0/", "http://h:x/", "http://[x/", "http://[::1%25eth0]/"),
        *("http://999.1.1.1/", "http://a..b/", f"http://{'a' * 64}/", "http://-a/", "http:///x"),
        *("http://h/a b", "http://h\\@x/", "http://h/<x>", "http://h\u00e9/", "//h/"),
    ],
    "RELINK_NOTIFY_SECRET": ["rk_live_1", "a b"],
    "RELINK_RETURN_ORIGINS": [
        "http://h",
        "https://h/path",
        "h",
        "https://h:99999",
        "https://h," * 101,
    ],
    "RELINK_POLICY": [
        *("[]", "null", '{"attempts": 0}', '{"attempts": 1e400}', '{"attempts": NaN}'),
        *(f'{{"{name}": {10**20}}}' for name in ("attempts", "session_open_for", "prompt_gap")),
        *('{"reminders": [99999999999999999999]}', '{"reminders": [0]}', '{"prompt_gap": -1}'),
        *('{"subcategories": []}', '{"announcement_lead": 315360001}', "[" * 4000),
        '{"permissions": ["balances","balances","balances","balances","balances","balances",'
        '"balances","balances","balances","balances","balances"]}',
    ],
    "RELINK_RECONCILE_HOURS": ["-1", "0", "8785", "1.5", "1e3", "9" * 30, "\u0663"],
    "RELINK_RETENTION_DAYS": ["34", "36501", "forever", "0x40"],
    "RELINK_STRIPE_TIMEOUT": ["0", "41", "nan", "inf", "1e1", "-5", "5s"],
    "RELINK_CALLER_STRIPE_TIMEOUT": ["0.9", "11"],
    "RELINK_NOTIFY_TIMEOUT": ["0", "61"],
    "RELINK_DRAIN_TIMEOUT": ["0", "601"],
    "RELINK_DATABASE_SCHEMA": ["Relink", "pg_relink", "re-link", "a" * 64],
    "RELINK_DATABASE_TIMEOUT": ["0.9", "61"],
    "RELINK_PREDECESSOR_WAIT": ["-1", "3601"],
}


@pytest.mark.parametrize("name", ALL)
def test_a_value_of_another_form_is_refused_by_name_and_not_shown(name: str):
    everywhere = [f'"{ALL[name]}"', f"'{ALL[name]}'", "\x00x", "\udcff", "x" * 5000]
    for value in [*WRONG[name], *everywhere]:
        _, wrong = Settings.examine({name: value})
        assert list(wrong) == [name], value
        told = str(wrong[name])
        assert told.startswith(f"{name} is invalid: it must be ")
        assert len(value) < 10 or value not in told


@given(
    name=st.sampled_from([*ALL]),
    value=st.one_of(
        st.text(),
        st.text("0123456789.-+eE"),
        st.from_regex(r"https?://[ -~]*", fullmatch=True),
        st.from_regex(r"[a-z]+://[ -~]*@[ -~]*[:/?][ -~]*", fullmatch=True),
        st.from_regex(r"(sk|rk|whsec)_[ -~]*", fullmatch=True),
        st.from_regex(r"\{.*\}", fullmatch=True),
    ),
)
def test_every_text_is_either_a_value_or_refused(name: str, value: str):
    settings, wrong = Settings.examine({name: value})
    assert set(wrong) <= {name, "RELINK_NOTIFY_SECRET"}
    hash(settings.waits)  # the default stands in


@given(st.from_regex(r"https?://[!-~]{1,40}", fullmatch=True))
def test_a_url_that_is_accepted_is_understood_by_the_clients_as_it_was_by_the_settings(url: str):
    settings, wrong = Settings.examine({"RELINK_NOTIFY_URL": url})
    if "RELINK_NOTIFY_URL" in wrong:
        return
    assert settings.notify_url is not None
    seen, meant = httpx.URL(settings.notify_url), urlsplit(url)
    assert seen.host == (meant.hostname or "").strip("[]")
    assert seen.port == meant.port or meant.port == {"http": 80, "https": 443}[meant.scheme]


def test_the_range_of_every_wait_contains_its_default_and_refuses_zero():
    for setting in SETTINGS:
        if not setting.name.endswith("_TIMEOUT"):
            continue
        assert setting.form.read(setting.form.show(setting.default)) == setting.default
        assert Settings.examine({setting.name: "0"})[1]
    assert Settings.from_environment({}).waits == Waits()


# ── the last defence ─────────────────────────────────────────────────────────


def test_secrets_are_removed_from_a_text_in_every_form_in_which_they_are_written():
    hide = hide_secrets(
        {
            "STRIPE_API_KEY": "sk_test_MARKED",
            "RELINK_DATABASE_URL": "postgresql://me:MARKED%20word@db/x?password=MARKED2",
            "STRIPE_WEBHOOK_SECRET": "whsec_MARKED,whsec_MARKED3",
            "RELINK_API_TOKEN": 'MARKED"é',
            "RELINK_NOTIFY_URL": "http://[MARKED",
        }
    )
    for shown in (
        "key sk_test_MARKED!",
        "as me:MARKED word@db, MARKED%20word or MARKED2",
        "whsec_MARKED3",
        json.dumps('MARKED"é'),
        repr('MARKED"é'),
        "http://[MARKED is no URL",
    ):
        assert "MARKED" not in hide(shown), shown
    assert hide("db") == "db"
    assert hide_secrets({"RELINK_DATABASE_URL": "sqlite:///relink.db"})("relink.db") == "relink.db"
