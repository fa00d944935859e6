"""The properties: each can fail, each names its rules, and none shares code with its subject."""

import ast
import importlib
import importlib.util
import inspect
import pkgutil
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest

from relink.engine import Facts
from relink.machines import properties
from relink.machines.properties import ALL, StepView, charging, violations

from .broken_steps import (
    ASSESSMENTS,
    BROKEN,
    FURTHER,
    FURTHER_ASSESSMENTS,
    prompted,
    reported,
)
from .reports import active
from .scenario import knowing
from .taken_step import TakenStep

PACKAGE = properties.__name__
MODULES = [PACKAGE, *(f"{PACKAGE}.{m.name}" for m in pkgutil.iter_modules(properties.__path__))]

VOCABULARY = {
    f"relink.machines.{name}"
    for name in (
        *("vocabulary", "commands", "events", "messages", "reported"),
        *("report", "policy", "reasons"),
    )
}
"""Modules of types and names, from which properties may import anything."""

PLAIN = {"collections", "collections.abc", "dataclasses", "types", "typing"}
"""Modules of the standard library without a clock, chance or I/O."""

SUBJECT = ("relink.machines.properties.charging", "assess")
"""The one function that a property may import: it is what the property judges."""


# ── each can fail ────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", BROKEN)
def test_a_property_finds_the_step_that_breaks_it(name: str):
    step, breaks = BROKEN[name]()
    broken = breaks(step)
    found = violations(broken.before, broken.step, broken.after)
    assert violations(step.before, step.step, step.after) == []
    assert name in [each.partition(":")[0] for each in found], found


@pytest.mark.parametrize("name", BROKEN)
def test_a_property_finds_the_step_that_breaks_it_behind_one_that_does_not(name: str):
    step, breaks = BROKEN[name]()
    quiet = reported(knowing(active()), active())
    for first in (step, quiet):
        beside = step.after_another(first)
        assert violations(beside.before, beside.step, beside.after) == []
        broken = breaks(step).after_another(first)
        found = violations(broken.before, broken.step, broken.after)
        assert name in [each.partition(":")[0] for each in found], found


@pytest.mark.parametrize("name", ASSESSMENTS)
def test_a_property_finds_the_assessment_that_breaks_it(name: str, monkeypatch: pytest.MonkeyPatch):
    taken, wrong = ASSESSMENTS[name]
    step = taken()
    assert violations(step.before, step.step, step.after) == []
    monkeypatch.setattr(charging, "assess", wrong)
    found = violations(step.before, step.step, step.after)
    assert name in [each.partition(":")[0] for each in found], found


@pytest.mark.parametrize("said", FURTHER)
def test_a_property_says_what_is_wrong_with_another_step_that_breaks_it(said: str):
    name, make = FURTHER[said]
    step, breaks = make()
    assert violations(step.before, step.step, step.after) == []
    broken = breaks(step)
    found = told(name, broken)
    assert any(said in each for each in found), found


@pytest.mark.parametrize("said", FURTHER_ASSESSMENTS)
def test_a_property_says_what_is_wrong_with_another_assessment(
    said: str, monkeypatch: pytest.MonkeyPatch
):
    name, taken, wrong = FURTHER_ASSESSMENTS[said]
    step = taken()
    assert violations(step.before, step.step, step.after) == []
    monkeypatch.setattr(charging, "assess", wrong)
    found = told(name, step)
    assert any(said in each for each in found), found


def told(name: str, step: TakenStep) -> list[str]:
    """All that a property says of a step."""
    judge = next(each for each in ALL if each.name == name)
    return list(judge.check(StepView(step.before, step.step, step.after)))


def test_every_property_has_a_step_that_breaks_it():
    assert sorted([*BROKEN, *ASSESSMENTS]) == sorted(each.name for each in ALL)


# ── each is a sentence about rules ───────────────────────────────────────────


def test_property_names_are_unique():
    names = [each.name for each in ALL]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("each", ALL, ids=lambda each: each.name)
def test_a_property_names_stated_rules_and_says_what_holds(each: properties.Property):
    chapters = tomllib.loads(
        (Path(__file__).parents[2] / "docs" / "rules.toml").read_text(encoding="utf-8")
    )
    stated = {rule for chapter in chapters.values() for rule in chapter}
    assert set(each.rule.split(", ")) <= stated
    assert each.sentence[0].isupper()
    assert each.sentence.endswith(".")


def test_a_property_without_a_rule_is_refused():
    def nameless(view: properties.StepView) -> Iterator[str]:
        """It holds."""
        yield from ()

    with pytest.raises(TypeError, match="docstring of nameless must begin with its rules"):
        properties.property.always(nameless)


# ── none shares code with its subject, and all are pure ──────────────────────


def imported(module: str) -> Iterator[tuple[str, str]]:
    """What a module imports: the module that it comes from, and its name there."""
    source = inspect.getsource(importlib.import_module(module))
    package = module if module == PACKAGE else PACKAGE
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            origin = importlib.util.resolve_name(origin, package)
            yield from ((origin, alias.name) for alias in node.names)


def may_be_imported(module: str, origin: str, name: str) -> bool:
    if origin in PLAIN | VOCABULARY or origin.startswith(PACKAGE) or origin == "relink.engine":
        return True
    if (module, name) == SUBJECT:
        return origin == "relink.machines.assessment"
    value = getattr(importlib.import_module(origin), name, None)
    return inspect.isclass(value) and issubclass(value, Facts)


@pytest.mark.parametrize("module", MODULES)
def test_properties_import_only_types_from_the_code_that_they_judge(module: str):
    refused = [each for each in imported(module) if not may_be_imported(module, *each)]
    assert refused == []


def test_an_import_of_a_judged_function_would_be_noticed():
    module = "relink.machines.properties.consistency"
    assert not may_be_imported(module, "relink.machines.account.needs", "relink_reasons")
    assert not may_be_imported(module, "relink.machines.account.facts", "DETAILS")
    assert not may_be_imported(module, "relink.machines.assessment", "assess")
    assert not may_be_imported(module, "relink.machines", "freshness")
    assert may_be_imported(module, "relink.machines.freshness", "ReportFacts")


def test_properties_change_nothing_and_answer_the_same_again():
    for step in (breaks(step) for step, breaks in (broken() for broken in BROKEN.values())):
        before, after = deepcopy(step.before), deepcopy(step.after)
        found = violations(step.before, step.step, step.after)
        assert violations(step.before, step.step, step.after) == found
        assert (step.before, step.after) == (before, after)


def test_a_property_is_an_invariant_that_returns_what_is_wrong_or_none():
    step = prompted()
    assert {each(step.before, step.step, step.after) for each in ALL} == {None}
    step, breaks = BROKEN["state_agrees_with_report"]()
    broken = breaks(step)
    [found] = [each for each in ALL if each.__name__ == "state_agrees_with_report"]
    assert found(broken.before, broken.step, broken.after) == (
        "account fca_1 is inactive_relinkable, and the latest report is active"
    )
