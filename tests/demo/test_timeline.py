"""The story of an account, as the shop's page is given it."""

from collections.abc import Iterator

import pytest

from relink.adapters.demo.shop.timeline import timeline
from relink.machines.words.tone import Tone

from ..rig import Rig


@pytest.fixture
def rig() -> Iterator[Rig]:
    with Rig() as made:
        yield made


def test_the_newest_line_comes_first_and_keys_stay(rig: Rig) -> None:
    account = rig.broken()
    before = timeline(rig.service.story(account, "Ada"), "story")
    assert [line["text"].partition("••")[0] for line in before] == ["asks Ada to relink ", "", ""]
    assert [line["name"] for line in before] == ["", "Needs the customer", "Linked"]
    assert [line["tone"] for line in before] == [Tone.MESSAGE, Tone.ALERT, Tone.GOOD]
    rig.service.request_relink(account)
    after = timeline(rig.service.story(account, "Ada"), "story")
    assert after[1:] == before
    assert after[0]["origin"] == "service"


@pytest.mark.parametrize(
    ("depth", "is_story"), [("", True), ("invented", True), ("decisions", False)]
)
def test_an_unknown_depth_is_the_story(rig: Rig, depth: str, is_story: bool) -> None:
    story = rig.service.story(rig.broken())
    assert (timeline(story, depth) == timeline(story, "story")) is is_story


def test_everything_has_what_was_weighed(rig: Rig) -> None:
    told = timeline(rig.service.story(rig.broken()), "everything")
    assert any("reported_status: active → relinkable" in line["details"] for line in told)
