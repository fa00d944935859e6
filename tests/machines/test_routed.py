"""What arrives and concerns nobody, or only somebody: each message goes where it matters."""

import pytest

from relink.engine import Address, Snapshot
from relink.machines.commands import RetrieveAccount
from relink.machines.events import (
    AccountReported,
    CommandFailed,
    ExternalAccountReported,
    PaymentMethodReported,
    RelinkSessionCreated,
)
from relink.machines.report import PaymentMethodReport

from .reports import DAY, active, inactive
from .scenario import Scenario, expired, knowing, replaced


def machines(s: Scenario) -> list[str]:
    """The machines that the last event went to."""
    return [delivery.address.machine for delivery in s.step.deliveries]


@pytest.mark.parametrize("knows_when", [True, False])
def test_an_answer_that_does_not_say_when_its_read_began_answers_every_question(knows_when: bool):
    s = knowing(active())
    s.webhook("fca_1", inactive())
    (read,) = (each for each in s.due_reads if isinstance(each, RetrieveAccount))
    began = s.now
    s.now += 60
    s.webhook("fca_1", inactive(cause="bank_error"))
    s.happens(
        AccountReported,
        account="fca_1",
        as_of=s.now + 10,
        read=True,
        begun_at=began if knows_when else None,
        causation_id=read.id,
        report=active(),
    )
    assert s.read_of("fca_1").state == ("due" if knows_when else "idle")


def test_a_payment_method_that_is_gone_before_anything_was_known_of_it_concerns_nobody():
    s = knowing(active())
    gone = {"payment_method": "pm_9", "account": "fca_1", "report": PaymentMethodReport(gone=True)}
    s.happens(PaymentMethodReported, as_of=s.now + 10, read=True, begun_at=s.now, **gone)
    assert machines(s) == []
    s.happens(PaymentMethodReported, as_of=s.now + 10, read=False, **gone)
    assert machines(s)[0] == "payment_method"


@pytest.mark.parametrize("command", ["create_relink_session", "notify_customer", "nonsense"])
def test_a_command_that_fails_concerns_a_machine_only_if_it_reads_or_builds(command: str):
    s = knowing(active())
    s.happens(CommandFailed, command=command, subject="fca_1", error="api_error")
    assert machines(s) == []
    s.happens(CommandFailed, command="retrieve_account", subject="fca_1", error="api_error")
    assert machines(s)[0] == "read"


def test_a_session_that_is_created_again_once_it_is_over_opens_nothing():
    s = expired()
    request = s.ask("fca_1")
    session = s.create(request)  # type: ignore[arg-type]
    assert machines(s)[:3] == ["session", "authorization", "account"]
    s.result(session, status="cancelled")
    s.happens(RelinkSessionCreated, session=session, request=request)
    assert machines(s) == ["session"]
    assert s.account("fca_1").state == "inactive_relinkable"


def test_an_external_account_of_which_nobody_knows_whose_it_is_is_not_read():
    s = knowing(active())
    s.happens(
        ExternalAccountReported,
        external_account="ba_1",
        account="fca_1",
        as_of=s.now + 10,
        read=False,
        report=None,
    )
    assert machines(s) == []


def test_an_announcement_of_an_authorization_ends_with_an_active_report_after_its_day():
    s = knowing(active())
    day = s.now + 5 * DAY
    announced = active(deactivates_on=day, deactivation_action="relink_required")
    s.authorization_webhook("fcauth_1", announced)
    silent = active(without=("deactivates_on", "deactivation_action"))
    s.authorization_webhook("fcauth_1", silent)
    assert s.authorization("fcauth_1").facts.deactivates_on == day
    assert s.account("fca_1").facts.login_announced
    s.wait(6 * DAY)
    s.authorization_webhook("fcauth_1", silent)
    assert not s.authorization("fcauth_1").facts.announced
    assert s.authorization("fcauth_1").facts.deactivates_on is None
    assert not s.account("fca_1").facts.login_announced


@pytest.mark.parametrize("stands_in", ["fca_2", "fca_3"])
def test_an_earlier_time_of_a_replacement_is_for_who_has_been_replaced_by_it(stands_in: str):
    s = replaced()
    known = s.account("fca_1")
    facts = known.facts.after({"replaced_by": stands_in})
    s.world[Address("account", "fca_1")] = Snapshot(known.state, facts, known.version)
    step = s.result("fcsess_1", webhook=True, created=known.facts.replaced_as_of - 1)
    told = [each.decision.trigger.name for each in step.deliveries if each.address.key == "fca_1"]
    assert ("new_account_linked_instead" in told) == (stands_in == "fca_2")
