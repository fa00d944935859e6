"""Reasons are codes: sentences can be reworded, and nothing that is stored or compared changes."""

import random
import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any, Literal, get_args, get_origin

import pytest

from relink.engine import Command, Reason, Step
from relink.machines import CHARTS, RelinkPolicy, reasons
from relink.machines.commands import BY_NAME, AnyCallerCommand, CallerCommand
from relink.machines.events import MandateCollected, RelinkRequested
from relink.machines.reasons import IGNORED, Anomaly, ReadReason, sentence

from ..rewording import reworded
from .bank import DAY, Bank, tokenized
from .life import CUSTOMER, Act, happens
from .scenario import expired, lapsed, replaced
from .test_examples import picks_the_wrong_account
from .world import World

CODE = re.compile(r"[a-z0-9_]+")

IDS = {
    *("account", "authorization", "session", "accounts", "payment_method"),
    *("external_account", "connected_account"),
    *("outage", "about", "machine", "key"),
}
"""Fields that name an object or a machine."""

OPAQUE = {"dedup_key", "return_url", "billing_name", "value"}
"""Fields that relink stores and hands on without reading them."""

CODES = {"reason", "reasons", "permissions", "subcategories"}
"""Open fields that hold codes: relink's own, or Stripe's."""


# ── every reason has a code and a sentence ───────────────────────────────────


def test_every_ignored_event_has_a_reason_code_and_a_sentence() -> None:
    for name, chart in CHARTS.items():
        for leaf in chart.table().leaves():
            if leaf.outcome == "ignored":
                place = f"{name}: {leaf.event} in {leaf.source}"
                assert leaf.reason is not None, place
                assert leaf.reason.code in IGNORED, place
                assert IGNORED[leaf.reason.code] is leaf.reason, place


def test_reason_codes_are_lower_case_and_their_sentences_are_whole() -> None:
    found = {code: reason.sentence for code, reason in IGNORED.items()}
    found |= {str(reason): reason.sentence for reason in (*ReadReason, *Anomaly)}
    for code, text in found.items():
        assert CODE.fullmatch(code), code
        assert text[0].isupper() or text.startswith("relink "), text
        assert text.endswith("."), text


def test_no_two_reasons_share_a_code() -> None:
    declared = [value for value in vars(reasons).values() if isinstance(value, Reason)]
    assert len(declared) == len(IGNORED)


def test_a_stored_code_is_shown_as_its_sentence_and_an_unknown_one_as_it_is() -> None:
    assert sentence("unrepairable") == reasons.UNREPAIRABLE.sentence
    assert sentence("of_another_release") == "of_another_release"


# ── commands hold codes ──────────────────────────────────────────────────────


def strings_in(annotation: object) -> Iterator[object]:
    """The parts of an annotation that can hold text: ``str``, literals and enums."""
    if (
        annotation is str
        or get_origin(annotation) is Literal
        or (isinstance(annotation, type) and issubclass(annotation, StrEnum))
    ):
        yield annotation
    else:
        for part in get_args(annotation):
            yield from strings_in(part)


def test_every_text_field_of_a_command_is_an_id_opaque_or_a_code() -> None:
    for command in BY_NAME.values():
        for field, described in command.model_fields.items():
            for kind in strings_in(described.annotation):
                if kind is str:
                    assert field in IDS | OPAQUE | CODES, f"{command.__name__}.{field}"
                    continue
                values = get_args(kind) or tuple(kind)  # type: ignore[call-overload]
                for value in values:
                    assert CODE.fullmatch(value), f"{command.__name__}.{field}: {value}"


def assert_codes(command: Command) -> None:
    """The code fields of a command hold codes."""
    for field in CODES & set(type(command).model_fields):
        value = getattr(command, field)
        for code in (value,) if isinstance(value, str) else value:
            assert CODE.fullmatch(code), f"{command.name}.{field}: {code!r}"


def test_the_closed_type_of_caller_commands_lists_every_one() -> None:
    kinds = {kind for kind in BY_NAME.values() if issubclass(kind, CallerCommand)}
    assert set(get_args(AnyCallerCommand)) == kinds


# ── histories do not depend on sentences ─────────────────────────────────────

ACTS: list[Callable[[random.Random], Act]] = [
    lambda rng: Act("account", rng.randrange(6), rng.choice(["stop", "close", "work"])),
    lambda rng: Act("consent", rng.randrange(6), rng.choice(["access_denied", "unspecified"])),
    lambda rng: Act("announced", rng.randrange(6), rng.choice([None, 1, 30])),
    lambda rng: Act("number", rng.randrange(6), rng.choice(["transactable", "pending", "expired"])),
    lambda rng: Act("checked", rng.randrange(6), rng.choice([None, "bank_account_closed"])),
    lambda rng: Act("failed", rng.randrange(3), rng.choice(["no_account", "other", "cancelled"])),
    lambda rng: Act("relinked", rng.randrange(3), rng.choice(["alone", "siblings"])),
    lambda rng: Act("linked", rng.randrange(3), rng.choice(["new", "new", "known", "stranger"])),
    lambda rng: Act("time", rng.choice([1, 2, 60, DAY]), None),
]


def history(seed: int, turns: int = 120) -> list[Step]:
    """Everything that a service decides while its bank and customers act at random."""
    rng = random.Random(seed)
    bank = Bank()
    world = World(bank, RelinkPolicy(attempts=2), nameless=rng.random() < 0.5)
    for account, login in (("fca_1", "fcauth_1"), ("fca_2", "fcauth_1"), ("fca_3", "fcauth_2")):
        bank.link(account, login, CUSTOMER, numbers=(tokenized("transactable"),))
    bank.now += 100
    for _ in range(turns):
        happens(bank, rng.choice(ACTS)(rng))
        for report in bank.collect():
            if rng.random() < 0.8:
                world.happen(report)
        if rng.random() < 0.5:
            world.perform_all()
        if rng.random() < 0.4:
            account = rng.choice(list(bank.accounts))
            causation_id = f"request {len(world.steps)}"
            request = RelinkRequested(causation_id=causation_id, at=0.0, account=account)
            if created := world.request(request):
                world.open(created)
        if world.timers and rng.random() < 0.3:
            world.fire(rng.choice(world.timers))
        if rng.random() < 0.1:
            account = rng.choice(list(bank.accounts))
            world.happen(MandateCollected(causation_id="mandate", at=0.0, account=account))
    return world.steps


def identity(steps: list[Step]) -> list[object]:
    """All of a history that is stored, compared or sent: codes and ids, and no sentence."""
    found: list[object] = []
    for step in steps:
        found += [(command.id, command.model_dump_json()) for command in step.commands]
        for address, decision in ((d.address, d.decision) for d in step.deliveries):
            code = decision.reason and decision.reason.code
            found.append((address, decision.outcome, decision.transition, code, decision.guards))
        found += [(a, s.state, s.facts.model_dump_json()) for a, s in step.snapshots.items()]
    return found


def sentences(steps: list[Step]) -> set[str]:
    """The sentences that people would read about a history."""
    decisions = [delivery.decision for step in steps for delivery in step.deliveries]
    return {decision.reason.sentence for decision in decisions if decision.reason}


@pytest.mark.parametrize("seed", range(6))
def test_a_history_has_the_same_ids_and_facts_after_every_sentence_is_reworded(seed: int) -> None:
    steps = history(seed)
    before, told = identity(steps), sentences(steps)
    with reworded():
        again = history(seed)
        assert identity(again) == before
        assert sentences(again).isdisjoint(told)
    assert told, "the history ignores something, so it has sentences"


def test_a_history_has_codes_alone_in_the_code_fields_of_its_commands() -> None:
    commands = {c for seed in range(6) for step in history(seed) for c in step.commands}
    for command in commands:
        assert_codes(command)
    with_reasons = {c.name for c in commands if CODES & set(type(c).model_fields)}
    assert {"create_relink_session", "notify_customer", "request_new_payment_method"} <= (
        with_reasons
    )


@pytest.mark.parametrize("scenario", [expired, lapsed, replaced, picks_the_wrong_account])
def test_a_scenario_asks_for_the_same_commands_after_rewording(
    scenario: Callable[[], Any],
) -> None:
    before = [command.id for command in scenario().all_commands]
    assert before
    with reworded():
        assert [command.id for command in scenario().all_commands] == before


def test_every_sentence_stands_again_after_rewording() -> None:
    before = sentence("unrepairable"), Anomaly.UNKNOWN_STATUS.sentence, ReadReason.LOOK.sentence
    with reworded():
        assert sentence("unrepairable") == "Reworded unrepairable."
        assert ReadReason.LOOK.sentence == "Reworded look."
    after = sentence("unrepairable"), Anomaly.UNKNOWN_STATUS.sentence, ReadReason.LOOK.sentence
    assert after == before
