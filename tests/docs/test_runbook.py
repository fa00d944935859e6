"""The runbook has a section for each alert and a row for each message; alerts name what exists."""

import re
import runpy
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from relink.adapters.doctor.problem import Problem
from relink.adapters.gateway import Fault
from relink.adapters.http import Metrics, StoreStatus
from relink.adapters.http.problems import KINDS
from relink.adapters.runner.stuck import RETRY_BUDGET_SPENT, UNEXPECTED
from relink.adapters.store import Party
from relink.adapters.store.meaning import TREATMENTS, Meaning
from relink.adapters.stripe import Ignored
from relink.adapters.stripe.ignored import IgnoreReason
from relink.machines.commands import RetrieveAccount

from ..rig import Rig

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "runbook.md").read_text()
RULES = yaml.safe_load((ROOT / "docs" / "examples" / "alerts.yml").read_text())
ALERTS: list[dict[str, Any]] = [rule for group in RULES["groups"] for rule in group["rules"]]

PROMQL = {
    *("absent", "increase", "delta", "rate", "sum", "max", "by", "on", "and", "or", "unless"),
    *("histogram_quantile", "vector", "le"),
}
"""The functions and words that the alerts use."""

SELECTOR = re.compile(r"(relink_\w+)(?:\{([^}]*)\})?")
LABEL = re.compile(r'(\w+)="([^"]*)"')


@pytest.fixture(scope="module")
def samples() -> list[tuple[str, dict[str, str]]]:
    """Every series that a process can show: its name and labels."""
    one = StoreStatus({"active": 1}, 1, {"api_key": 1}, 1, {"retrieve_account": 1}, 1.0)
    metrics = Metrics(lambda: one)
    for outcome in ("applied", "duplicate", "ignored", "refused", "unavailable"):
        metrics.count_webhook(outcome)
    for reason in IgnoreReason:
        metrics.watch_ignored(Ignored("evt_1", "account.updated", reason))
    with Rig() as rig:
        rig.linked()
        for step in rig.steps:
            metrics.watch_step(step)
    for result in ("done", "failed", "postponed", "stuck", "held_back"):
        metrics.watch_command(
            RetrieveAccount(account="fca_1", reason="look", number=1), result, 1.0
        )
    for party in Party:
        metrics.show_failures(party.value, lambda: 0)
    return [
        (sample.name, sample.labels)
        for family in text_string_to_metric_families(metrics.page().decode())
        for sample in family.samples
        if not sample.name.endswith("_created")
    ]


def selectors(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    for name, labels in SELECTOR.findall(text):
        yield name, dict(LABEL.findall(labels))


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_names_only_series_that_exist(
    alert: dict[str, Any], samples: list[tuple[str, dict[str, str]]]
) -> None:
    named = list(selectors(alert["expr"]))
    assert named, "an alert is about relink"
    for name, labels in named:
        assert any(
            name == found and labels.items() <= having.items() for found, having in samples
        ), f"there is no {name} {labels}"


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_is_well_formed(
    alert: dict[str, Any], samples: list[tuple[str, dict[str, str]]]
) -> None:
    assert alert.keys() <= {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"\d+[mh]", alert.get("for", "1m"))
    assert alert["labels"]["severity"] in ("page", "ticket")
    assert alert["annotations"]["runbook"] == f"docs/runbook.md#{alert['alert'].lower()}"
    expression = alert["expr"]
    assert all(expression.count(a) == expression.count(b) for a, b in ("()", "{}", "[]"))
    rest = re.sub(r"\[\d+[mhd]\]", "", SELECTOR.sub("", expression))
    labels = {label for _, having in samples for label in having}
    assert set(re.findall(r"[a-z_]+", rest)) <= PROMQL | labels
    assert set(re.findall(r"\$labels\.(\w+)", str(alert["annotations"]))) <= labels


def sections(of: str) -> dict[str, str]:
    """The subsections of a section of the page."""
    _, _, after = PAGE.partition(f"\n## {of}\n")
    parts = re.split(r"^### (.+)$", re.split(r"^## ", after, flags=re.M)[0], flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_each_alert_has_a_section_with_meaning_steps_and_end() -> None:
    found = sections("Alerts")
    assert [alert["alert"] for alert in ALERTS if alert["alert"] not in found] == []
    assert len(found) == len(ALERTS) + 1
    for alert in ALERTS:
        text = found[alert["alert"]]
        assert re.match(r"\n+\*\*Means\.\*\* .+\n\n1\. .+\n\n\*\*Over when\b.+", text, re.S), text


def test_each_metric_has_an_alert_or_says_what_else_it_is_for(
    samples: list[tuple[str, dict[str, str]]],
) -> None:
    alerted = {name for alert in ALERTS for name, _ in selectors(alert["expr"])}
    others = set(
        re.findall(r"^\| `(\w+)` \|", sections("Alerts")["Metrics without an alert"], re.M)
    )
    names = {re.sub("_(bucket|sum|count)$", "", name) for name, _ in samples}
    assert {re.sub("_bucket$", "", name) for name in alerted} | others == names
    assert not alerted & others


def test_every_declared_code_has_a_row() -> None:
    messages = sections("Messages")
    rows = {heading: text.count("\n|") for heading, text in messages.items()}
    for kind in KINDS:
        assert f"| {kind.status} `{kind.slug}` |" in messages["Answers of the API"]
    assert TREATMENTS.keys() == set(Meaning)
    for meaning in Meaning:
        assert f"| `{meaning.value}`: {meaning.treatment.sentence} |" in messages["The database"]
    for code in (*Fault, RETRY_BUDGET_SPENT, UNEXPECTED):
        assert f"| `{code}` |" in messages["Stuck commands"]
    of_the_database = [each for each in Problem if each.value[1] == "{detail}"]
    assert rows["Findings of the doctor"] == 2 + len(Problem) - len(of_the_database)


def test_no_row_is_without_a_meaning_or_a_cure() -> None:
    for text in sections("Messages").values():
        for row in re.findall(r"^\| .+ \|$", text, re.M):
            assert "|  |" not in row, row


GENERATOR = ROOT / "docs" / "runbook.py"


@pytest.mark.parametrize("kind", ["failures", "log"])
def test_a_message_without_an_entry_is_named(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = tomllib.loads((ROOT / "docs" / "runbook.toml").read_text())
    message = next(iter(entries[kind]))
    del entries[kind][message]
    monkeypatch.setattr(tomllib, "loads", lambda _: entries)
    generated = runpy.run_path(str(GENERATOR))["runbook"]
    with pytest.raises(ValueError, match=re.escape(message)):
        generated(PAGE)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('log.warning("%s: %.1f s", name, 2)', "…: … s"),
        ('log.log(level, "half %d", 1)', "half …"),
        ('log.exception(f"{name} " "failed")', "… failed"),
        ('log.info("fine")', None),
        ('log.log(logging.DEBUG if quiet else logging.INFO, "fine")', None),
    ],
)
def test_no_way_of_logging_a_warning_is_overlooked(
    source: str, found: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = runpy.run_path(str(GENERATOR))
    (tmp_path / "adapters").mkdir()
    (tmp_path / "adapters" / "one.py").write_text(source)
    monkeypatch.setitem(generator["log_lines"].__globals__, "ROOT", tmp_path)
    assert generator["log_lines"]() == ({found} if found else set())
