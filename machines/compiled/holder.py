"""The compiled table of the holder chart, written by `make docs`."""

# ruff: noqa: E501
TABLE = r"""9aa97e9e2d98744ca4fb2c6e0cdaeb20
[["clear", []],
["clear", "awaiting"],
[],
["is_awaited", ["awaiting", ["note_read"], "read_awaited[is_awaited]", "clear --read_awaited[is_awaited]--> awaiting"], ["clear", [], "read_awaited", "clear --read_awaited--> clear"]],
["clear", ["note_message", "review"], "may_prompt", "clear --may_prompt--> clear"],
["clear", ["allow"], "review_due", "clear --review_due--> clear"],
["is_the_last", ["clear", ["note_read", "review"], "read_awaited[is_the_last]", "awaiting --read_awaited[is_the_last]--> clear"], ["awaiting", ["note_read", "review"], "read_awaited", "awaiting --read_awaited--> awaiting"]],
["awaiting", ["note_message", "review"], "may_prompt", "awaiting --may_prompt--> awaiting"],
["awaiting", ["allow", "plan_next_look"], "review_due", "awaiting --review_due--> awaiting"]]"""
