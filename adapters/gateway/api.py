"""Stripe's API for one attempt at a command: reads, lists, and POSTs that take effect once.

**Once.** Each POST of a command has its own idempotency key, the command's id and the step,
so a repeat is answered with what the first one did. Three things undo that, and before the
step is made under a new key, its effect is looked for:

- A failure of Stripe's (500) is stored too, and replayed for as long as the key lives, be it
  that the effect happened or not. Such a key is *spent*; so is one that an earlier attempt
  used with other parameters, and one under which Stripe refused for good what somebody has
  tried again since.
- Keys live for 24 hours. A command older than :data:`KEYS_LIVE` looks before it does anything.
- An answer was lost, and the repeat is refused because the effect is there (a token can be
  used only once).

Only a spent key gives way to the next: one whose request may still be under way does not.
The keys follow from the command alone, so that repeats go through the same ones.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from relink.engine import Command

from .errors import MalformedAnswerError, PermanentError, TransientError
from .protocol import Attempt
from .reading import Found, failure, is_replay, is_spent_key, is_success, read
from .transport import Call, Params, Reply, Transport

KEYS_LIVE = 23 * 60 * 60.0
"""Seconds: 24 hours, less what a request and a difference between clocks may take."""

MOST_KEYS = 100
"""Spent keys of one step after which an attempt is over. The next day they are good again."""

MOST_PAGES = 10
"""Pages of a list that are looked through."""

PAGE = 100

_SEGMENT = re.compile(r"[A-Za-z0-9_-]{1,255}")

Look = Callable[[], Found | None]
"""Looks for the effect of a step: the object that it made, or None."""


class StripeApi:
    """What one attempt at one command asks of Stripe.

    Args:
        transport: how to reach it.
        command: what it is for.
        at: now (Unix seconds).
        attempt: the attempt.
    """

    def __init__(self, transport: Transport, command: Command, at: float, attempt: Attempt) -> None:
        self._transport = transport
        self._command = command
        self._connected_account = attempt.connected_account
        self._is_again = attempt.round > 0
        self._age = at - attempt.asked_at if attempt.asked_at is not None else 0.0

    def get(self, path: str, params: Params | None = None) -> Found:
        """Read an object.

        Raises:
            TransientError, PermanentError: it can't be read.
            MalformedAnswerError: the answer is no JSON object.
        """
        call = Call("GET", path, params or {}, connected_account=self._connected_account)
        return read(self._transport.send(call), call)

    def objects(self, path: str, params: Params) -> Iterator[Found]:
        """The objects of a list, newest first, page by page.

        Raises:
            TransientError, PermanentError: it can't be read.
            MalformedAnswerError: the answer is no list.
        """
        last: Params = {}
        for _ in range(MOST_PAGES):
            page = self.get(path, {**params, **last, "limit": PAGE})
            items = page.object.get("data")
            if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
                raise MalformedAnswerError(
                    f"GET {path} was not answered with a list", page.request_id
                )
            yield from (replace(page, object=item) for item in items)
            if not items or page.object.get("has_more") is not True:
                return
            last = {"starting_after": items[-1].get("id")}

    def post(self, step: str, path: str, params: Params, look: Look | None = None) -> Found:
        """Make something, or find it made.

        Args:
            step: the name of the step within the command.
            path: where to post.
            params: its parameters.
            look: looks for the effect; None where Stripe offers no way to.

        Returns:
            What Stripe answered, or what was found.

        Raises:
            TransientError, PermanentError: it was neither made nor found.
            MalformedAnswerError: the answer is no JSON object.
        """
        if self._age > KEYS_LIVE and look and (made := look()) is not None:
            return made
        for generation in range(MOST_KEYS):
            call = Call("POST", path, params, self._key(step, generation), self._connected_account)
            reply = self._transport.send(call)
            if is_success(reply):
                return read(reply, call)
            if (made := self._effect(reply, call, look)) is not None:
                return made
        raise TransientError(f"POST {path}: {MOST_KEYS} idempotency keys are spent")

    def _effect(self, reply: Reply, call: Call, look: Look | None) -> Found | None:
        """What a POST made that was answered with a failure; None to go on with the next key."""
        error = failure(reply, call)
        spent = is_spent_key(reply, error) or (self._is_again and is_replay(reply))
        if spent or isinstance(error, PermanentError):
            made = look() if look else None
            if made is not None:
                return made
        if not spent:
            raise error
        return None

    def _key(self, step: str, generation: int) -> str:
        key = f"{self._command.id}:{step}"
        return f"{key}:{generation}" if generation else key


def path(*segments: str) -> str:
    """``path("accounts", "acct_1")`` → ``/v1/accounts/acct_1``.

    Raises:
        PermanentError: a segment could lead elsewhere, so it can be no id of Stripe's.
    """
    for segment in segments:
        if not _SEGMENT.fullmatch(segment):
            raise PermanentError(f"{segment!r} is not the id of an object", code="invalid_id")
    return "/".join(["/v1", *segments])
