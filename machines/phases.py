"""The phases of a step: everything that a report says is taken in before anybody is told (K9).

In phase 0 the machines learn. Then the accounts look at what they need, then the outages at whether
somebody has to be written to, and last it is settled whether they may write now.
"""

NEEDS = 1
"""Accounts review what they need, and whether the service is asked for another way to pay."""

MESSAGES = 2
"""Outages review whether a message is due."""

ANSWER = 3
"""Holders answer whether it may go out."""
