"""Settings from the environment: valid ones are read, invalid ones are explained."""

import re
from pathlib import Path

import pytest

from relink.adapters.settings import DAY, Settings, SettingsError

PAGE = Path(__file__).parents[2] / "docs" / "service.md"

ALL = {
    "STRIPE_API_KEY": "sk_test_1",
    "STRIPE_WEBHOOK_SECRET": "whsec_1, whsec_2",
    "STRIPE_API_BASE": "http://127.0.0.1:12111",
    "RELINK_GATEWAY": "recorded",
    "RELINK_DATABASE_URL": "postgresql://relink:pass1@db/relink",
    "RELINK_DATABASE_SCHEMA": "relink_eu",
    "RELINK_DATABASE_TIMEOUT": "4",
    "RELINK_API_TOKEN": "a token",
    "RELINK_NOTIFY_URL": "https://shop.example/relink",
    "RELINK_NOTIFY_SECRET": "another secret",
    "RELINK_RETURN_ORIGINS": "https://shop.example,https://pay.example",
    "RELINK_POLICY": '{"attempts": 5}',
    "RELINK_RECONCILE_HOURS": "6",
    "RELINK_RETENTION_DAYS": "90",
    "RELINK_PREDECESSOR_WAIT": "45",
}


def test_every_variable_is_read():
    settings = Settings.from_environment(ALL)
    assert settings.webhook_secrets == ("whsec_1", "whsec_2")
    assert (settings.is_live, settings.runs_worker_in_process) == (False, False)
    assert settings.gateway_name == "recorded"
    assert settings.return_origins == ("https://shop.example", "https://pay.example")
    assert settings.policy.attempts == 5
    assert (settings.reconcile_every, settings.kept_for) == (6 * 3600, 90 * DAY)
    assert settings.predecessor_wait == 45
    assert (str(settings.database), settings.database.timeout) == (
        "postgresql://relink@db/relink",
        4,
    )
    assert "relink_eu" in repr(settings.database)


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
        ("RELINK_RETENTION_DAYS", "34", "at least 35, got 34"),
        (
            "RELINK_RETENTION_DAYS",
            "forever",
            "RELINK_RETENTION_DAYS is invalid: it must be a whole number",
        ),
        ("RELINK_RECONCILE_HOURS", "0", "at least 1, got 0"),
        ("RELINK_POLICY", "{", "RELINK_POLICY is invalid: the value: Invalid JSON"),
        (
            "RELINK_POLICY",
            '{"attemps": 3}',
            "RELINK_POLICY is invalid: a name is unknown: did you mean attempts",
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
    assert all(text.startswith(f"{name} is invalid: ") for name, text in faults.items())
    assert (settings.kept_for, settings.reconcile_every) == (400 * DAY, 6 * 3600)
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment(ALL | wrong)
    assert sorted(str(refused.value).splitlines()) == sorted(faults.values())


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
    assert value not in faults[variable]
    assert "hunter2" not in faults[variable]


def test_the_repr_of_settings_shows_no_secret():
    shown = repr(Settings.from_environment(ALL))
    for secret in ("sk_test_1", "whsec_1", "a token", "another secret", "pass1"):
        assert secret not in shown


def test_the_service_page_lists_every_variable():
    named = re.findall(r"^\| `([A-Z_]+)` \|", PAGE.read_text(), re.M)
    assert set(named) == set(ALL)
