"""P4: what only the service knows, and says."""

from .starts import down, replaced_while_down
from .story import Story, number

# ── linked elsewhere ─────────────────────────────────────────────────────────


def test_P4_an_account_that_was_replaced_outside_of_a_relink_gets_no_more_messages() -> None:
    s = down()
    s.on_day(1)
    s.link("fca_2", authorization="fcauth_2")
    s.replace("fca_1", by="fca_2")
    s.on_day(30)
    assert s.state("fca_1") == "new_account_linked"
    assert s.facts("fca_1").replaced_by == "fca_2"
    assert s.sent == ["day 0: prompt fca_1"]
    assert s.ask("fca_1") is None


def test_P4_a_replaced_account_that_works_again_comes_back() -> None:
    s = down()
    s.link("fca_2", authorization="fcauth_2")
    s.replace("fca_1", by="fca_2")
    s.on_day(1)
    s.reactivate("fca_1")
    assert s.state("fca_1") == "active"


def test_P4_a_working_account_can_be_replaced_and_stays_so() -> None:
    s = Story()
    s.link("fca_1")
    s.announce("fca_1", on=20)
    s.link("fca_2", authorization="fcauth_2")
    s.replace("fca_1", by="fca_2")
    s.report("fca_1")
    s.on_day(20)
    s.deactivate("fca_1")
    s.on_day(40)
    assert s.state("fca_1") == "new_account_linked"
    assert s.sent == []


def test_P4_a_replaced_account_with_an_open_session_waits_for_nothing() -> None:
    s = down()
    s.open_session("fca_1")
    s.link("fca_2", authorization="fcauth_2")
    s.replace("fca_1", by="fca_2")
    s.on_day(30)
    assert s.state("fca_1") == "new_account_linked"
    assert s.sent == ["day 0: prompt fca_1"]


def test_P4_nothing_is_built_on_the_account_that_stands_in() -> None:
    s = down()
    s.link("fca_2", authorization="fcauth_2")
    s.replace("fca_1", by="fca_2")
    assert [name for name in s.stripe.objects if name.startswith("pm_")] == []
    assert s.charge("fca_2")


# ── retired ──────────────────────────────────────────────────────────────────


def test_P4_an_account_that_is_retired_and_disconnected_asks_for_nothing() -> None:
    s = Story()
    s.link("fca_1")
    s.retire("fca_1")
    s.disconnect("fca_1")
    s.on_day(30)
    assert s.sent == []


def test_P4_a_retired_account_that_stops_or_closes_asks_for_nothing() -> None:
    s = Story()
    s.link("fca_1", "fca_2")
    s.retire("fca_1")
    s.retire("fca_2")
    s.deactivate("fca_1")
    s.close("fca_2")
    s.on_day(30)
    assert s.sent == []


def test_P4_retiring_a_prompted_account_ends_its_reminders() -> None:
    s = down()
    s.on_day(1)
    s.retire("fca_1")
    s.on_day(30)
    assert s.sent == ["day 0: prompt fca_1"]


def test_P4_retiring_one_account_leaves_the_reminders_of_the_other() -> None:
    s = Story()
    s.link("fca_1", "fca_2")
    s.deactivate("fca_1", "fca_2")
    s.on_day(3)
    s.retire("fca_1")
    s.on_day(30)
    assert s.messages[-1] == "day 7: reminder 2 fca_2"


def test_P4_an_account_that_is_taken_up_again_is_prompted_for() -> None:
    s = Story()
    s.link("fca_1")
    s.retire("fca_1")
    s.deactivate("fca_1")
    s.on_day(5)
    assert s.sent == []
    s.resume("fca_1")
    assert s.sent == ["day 5: prompt fca_1"]


def test_P4_a_closed_account_that_is_taken_up_again_is_asked_about() -> None:
    s = Story()
    s.link("fca_1")
    s.retire("fca_1")
    s.close("fca_1")
    s.on_day(5)
    s.resume("fca_1")
    assert s.sent == ["day 5: request fca_1 (account_closed)"]


def test_P4_taking_up_an_account_that_was_not_retired_changes_nothing() -> None:
    s = down()
    s.resume("fca_1")
    s.on_day(1.9)
    assert s.sent == ["day 0: prompt fca_1"]


def test_P4_a_retired_account_that_is_relinked_all_the_same_works() -> None:
    s = down()
    session = s.open_session("fca_1")
    s.retire("fca_1")
    s.relink(session)
    s.on_day(20)
    assert s.state("fca_1") == "active"
    assert s.sent == ["day 0: prompt fca_1"]


def test_P4_a_session_of_a_retired_account_that_fails_asks_for_nothing() -> None:
    s = down()
    session = s.open_session("fca_1")
    s.retire("fca_1")
    s.fail(session)
    s.on_day(20)
    assert s.sent == ["day 0: prompt fca_1"]


def test_P4_blocks_and_numbers_of_a_retired_account_ask_for_nothing() -> None:
    s = Story()
    s.link("fca_1")
    s.use("pm_1", of="fca_1")
    s.retire("fca_1")
    s.block("pm_1", "bank_account_closed")
    s.block("pm_1", "tokenized_account_number_deactivated")
    s.renumber("fca_1", number("expired"))
    s.on_day(20)
    assert s.sent == []


def test_P4_an_account_that_is_retired_while_it_is_read_asks_for_nothing() -> None:
    s = Story(shape="ga")
    s.link("fca_1")
    s.held = True
    s.close("fca_1")
    s.retire("fca_1")
    s.release()
    s.on_day(3)
    assert s.sent == []


def test_P4_retiring_an_account_that_is_not_known_does_no_harm() -> None:
    s = Story()
    s.retire("fca_9")
    s.resume("fca_9")
    s.replace("fca_9", by="fca_8")
    s.on_day(3)
    assert s.sent == []


# ── read now ─────────────────────────────────────────────────────────────────


def test_P4_a_refresh_makes_an_account_known_that_was_linked_before() -> None:
    s = Story()
    s.link("fca_1", webhook="lost")
    s.deactivate("fca_1", webhook="lost")
    assert s.ask("fca_1") is None
    s.refresh("fca_1")
    assert s.state("fca_1") == "inactive_relinkable"
    assert s.ask("fca_1") is not None


def test_P4_a_refresh_learns_what_no_webhook_told() -> None:
    s = down()
    s.reactivate("fca_1", webhook="lost")
    s.refresh("fca_1")
    s.on_day(10)
    assert s.state("fca_1") == "active"
    assert s.messages == ["day 0: prompt fca_1"]


def test_P4_a_refresh_of_an_account_that_stripe_does_not_have_asks_for_nothing() -> None:
    s = Story()
    s.refresh("fca_9")
    s.on_day(10)
    assert s.sent == []


def test_P4_a_collected_mandate_leaves_nothing_to_do() -> None:
    s = replaced_while_down()
    s.collect_mandate("fca_2", "pm_2")
    assert s.next("fca_2") == []
    assert s.charge("fca_2")
