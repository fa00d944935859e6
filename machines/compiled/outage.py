"""The compiled table of the outage chart, written by `make docs`."""

# ruff: noqa: E501
TABLE = r"""b170cb230725585cbd3350baf5b7f6cc
[["none", []],
["none", "waiting", "prompted", "quiet"],
[],
["none", ["note", "review"], "needs_changed", "none --needs_changed--> none"],
["none", ["drop", "hand_on", "review"], "needs_moved", "none --needs_moved--> none"],
["none", ["note_read", "review"], "read_due_changed", "none --read_due_changed--> none"],
["needs_nothing", ["none", [], "review_due[needs_nothing]", "none --review_due[needs_nothing]--> none"], ["has_somebody_to_name", ["waiting", ["begin", "look"], "review_due[has_somebody_to_name]", "none --review_due[has_somebody_to_name]--> waiting"], ["has_reminders_left", ["prompted", ["begin", "look"], "review_due[has_reminders_left]", "none --review_due[has_reminders_left]--> prompted"], ["quiet", ["begin", "look"], "review_due", "none --review_due--> quiet"]]]],
0,
["waiting", ["note", "review"], "needs_changed", "waiting --needs_changed--> waiting"],
["waiting", ["drop", "hand_on", "review"], "needs_moved", "waiting --needs_moved--> waiting"],
["waiting", ["note_read", "review"], "read_due_changed", "waiting --read_due_changed--> waiting"],
["needs_nothing", ["none", ["end"], "review_due[needs_nothing]", "waiting --review_due[needs_nothing]--> none"], ["has_somebody_to_name", ["waiting", ["look"], "review_due[has_somebody_to_name]", "waiting --review_due[has_somebody_to_name]--> waiting"], ["has_reminders_left", ["prompted", ["look"], "review_due[has_reminders_left]", "waiting --review_due[has_reminders_left]--> prompted"], ["quiet", ["look"], "review_due", "waiting --review_due--> quiet"]]]],
["has_no_message_due", ["waiting", [], "prompt_allowed[has_no_message_due]", "waiting --prompt_allowed[has_no_message_due]--> waiting"], ["leaves_somebody_to_name", ["waiting", ["write_to_customer"], "prompt_allowed[leaves_somebody_to_name]", "waiting --prompt_allowed[leaves_somebody_to_name]--> waiting"], ["leaves_reminders", ["prompted", ["write_to_customer"], "prompt_allowed[leaves_reminders]", "waiting --prompt_allowed[leaves_reminders]--> prompted"], ["quiet", ["write_to_customer"], "prompt_allowed", "waiting --prompt_allowed--> quiet"]]]],
["prompted", ["note", "review"], "needs_changed", "prompted --needs_changed--> prompted"],
["prompted", ["drop", "hand_on", "review"], "needs_moved", "prompted --needs_moved--> prompted"],
["prompted", ["note_read", "review"], "read_due_changed", "prompted --read_due_changed--> prompted"],
["needs_nothing", ["none", ["end"], "review_due[needs_nothing]", "prompted --review_due[needs_nothing]--> none"], ["has_somebody_to_name", ["waiting", ["look"], "review_due[has_somebody_to_name]", "prompted --review_due[has_somebody_to_name]--> waiting"], ["has_reminders_left", ["prompted", ["look"], "review_due[has_reminders_left]", "prompted --review_due[has_reminders_left]--> prompted"], ["quiet", ["look"], "review_due", "prompted --review_due--> quiet"]]]],
["has_no_message_due", ["prompted", [], "prompt_allowed[has_no_message_due]", "prompted --prompt_allowed[has_no_message_due]--> prompted"], ["leaves_somebody_to_name", ["waiting", ["write_to_customer"], "prompt_allowed[leaves_somebody_to_name]", "prompted --prompt_allowed[leaves_somebody_to_name]--> waiting"], ["leaves_reminders", ["prompted", ["write_to_customer"], "prompt_allowed[leaves_reminders]", "prompted --prompt_allowed[leaves_reminders]--> prompted"], ["quiet", ["write_to_customer"], "prompt_allowed", "prompted --prompt_allowed--> quiet"]]]],
["quiet", ["note", "review"], "needs_changed", "quiet --needs_changed--> quiet"],
["quiet", ["drop", "hand_on", "review"], "needs_moved", "quiet --needs_moved--> quiet"],
["quiet", ["note_read", "review"], "read_due_changed", "quiet --read_due_changed--> quiet"],
["needs_nothing", ["none", ["end"], "review_due[needs_nothing]", "quiet --review_due[needs_nothing]--> none"], ["has_somebody_to_name", ["waiting", ["look"], "review_due[has_somebody_to_name]", "quiet --review_due[has_somebody_to_name]--> waiting"], ["has_reminders_left", ["prompted", ["look"], "review_due[has_reminders_left]", "quiet --review_due[has_reminders_left]--> prompted"], ["quiet", ["look"], "review_due", "quiet --review_due--> quiet"]]]],
["has_no_message_due", ["quiet", [], "prompt_allowed[has_no_message_due]", "quiet --prompt_allowed[has_no_message_due]--> quiet"], ["leaves_reminders", ["prompted", ["write_to_customer"], "prompt_allowed[leaves_reminders]", "quiet --prompt_allowed[leaves_reminders]--> prompted"], ["quiet", ["write_to_customer"], "prompt_allowed", "quiet --prompt_allowed--> quiet"]]]]"""
