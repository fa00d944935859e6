"""The compiled table of the read chart, written by `make docs`."""

# ruff: noqa: E501
TABLE = r"""d655d296c6cb94b75f753f052da1a61a
[["idle", []],
["idle", "due"],
[],
["due", ["ask", "hold_up_prompts"], "read_wanted", "idle --read_wanted--> due"],
0,
0,
["has_to_wait_longer", ["due", ["put_off", "go_on_holding_up"], "read_wanted[has_to_wait_longer]", "due --read_wanted[has_to_wait_longer]--> due"], ["due", ["note_question", "go_on_holding_up"], "read_wanted", "due --read_wanted--> due"]],
["is_of_another_read", ["due", [], "read_answered[is_of_another_read]", "due --read_answered[is_of_another_read]--> due"], ["was_asked_since", ["due", ["ask_again"], "read_answered[was_asked_since]", "due --read_answered[was_asked_since]--> due"], ["idle", ["release_prompts"], "read_answered", "due --read_answered--> idle"]]],
["idle", ["release_prompts", "tell_failed"], "read_failed", "due --read_failed--> idle"]]"""
