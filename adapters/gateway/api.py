"""Stripe's API for one attempt at a command: reads, lists, and POSTs that take effect once.

Each POST of a command has its own idempotency key, made from the command's id and the step, so a
retry gets the answer of the first request. In three cases that is not enough, and the effect of the
step is looked up before the step is repeated under a new key:

- Stripe stores an error (500) under the key as well and replays it for the key's lifetime, whether
  the request took effect or not. Such a key is *spent*. So is a key that an earlier attempt used
  with other parameters, and one with a stored refusal that an operator has retried since.
- Keys expire after 24 hours. A command older than :data:`KEY_LIFETIME` looks for its effect first.
- The answer was lost, and the retry is refused because the effect exists: a token can be used only
  once.

Only a spent key is replaced by the next one. A key whose request may still be running is not. Keys
are derived from the command alone, so every attempt goes through the same sequence of keys.
"""

import re
from collections.abc import Callable, Iterator

from relink.adapters.stripe import fields
from relink.machines.commands import AnyStripeCommand, CallerCommand

from .errors import GatewayError, OperatorError, PermanentError, TransientError
from .failures import (
    RESOURCE_MISSING,
    failure,
    is_refusal,
    is_replay,
    is_spent_key,
    may_be_missing,
    missing_for_good,
)
from .faults import Fault
from .protocol import Attempt
from .reach import Reach
from .reading import PAGE_SIZE, StripeAnswer, answered_at, is_success, items, read, request_id
from .transport import Call, Params, Reply, Transport

KEY_LIFETIME = 23 * 60 * 60.0
"""How long an idempotency key is relied on (seconds): Stripe's 24 hours, less a margin for slow
requests and clock skew."""

MAX_KEYS = 100
"""The number of spent keys of one step after which an attempt fails. Keys expire within a day."""

MAX_PAGES = 10
"""The number of pages of a list that are searched."""

_SEGMENT = re.compile(r"[A-Za-z0-9_-]{1,255}")

FindEffect = Callable[[], StripeAnswer | None]
"""Looks up the effect of a step: the object that it created, or None."""


class StripeApi:
    """The requests of one attempt at one command.

    Args:
        transport: sends the requests.
        command: the command.
        at: now (Unix seconds).
        attempt: the context of the attempt.
        reach: what the API key has reached so far.
    """

    def __init__(
        self,
        transport: Transport,
        command: AnyStripeCommand,
        at: float,
        attempt: Attempt,
        reach: Reach,
    ) -> None:
        self._transport = transport
        self._command = command
        self._at = at
        self._asked_at = at if attempt.asked_at is None else attempt.asked_at
        self._connected_account = attempt.connected_account
        self._is_retried = attempt.generation > 0
        self._reach = reach
        self._shown: set[str] = set()  # the objects that this attempt has seen

    def get(self, path: str, params: Params | None = None) -> StripeAnswer:
        """Read an object.

        Raises:
            TransientError, PermanentError: it could not be read.
            MalformedAnswerError: the answer is not a JSON object.
        """
        call = Call("GET", path, params or {}, connected_account=self._connected_account)
        reply = self._transport.send(call)
        if not is_success(reply):
            raise self._failure(reply, call)
        return self._read(reply, call)

    def get_or_deleted(self, *segments: str) -> StripeAnswer:
        """Read an object that may have been deleted.

        Args:
            segments: its path, which ends with its id.

        Returns:
            The object. If it does not exist any more, what Stripe answers for a deleted object:
            its id, and ``deleted``.

        Raises:
            TransientError, PermanentError: it could not be read.
            MalformedAnswerError: the answer is not a JSON object.
        """
        call = Call("GET", path(*segments), connected_account=self._connected_account)
        reply = self._transport.send(call)
        if is_success(reply):
            return self._read(reply, call)
        error = self._failure(reply, call)
        if isinstance(error, PermanentError) and error.code == RESOURCE_MISSING:
            gone = {"id": segments[-1], "deleted": True}
            return StripeAnswer(gone, answered_at(reply), request_id(reply))
        raise error

    def objects(self, path: str, params: Params) -> Iterator[StripeAnswer]:
        """The objects of a list, newest first, page by page.

        Raises:
            TransientError, PermanentError: the list could not be read.
            MalformedAnswerError: the answer is not a list.
        """
        last: Params = {}
        for _ in range(MAX_PAGES):
            page = self.get(path, {**params, **last, "limit": PAGE_SIZE})
            found = items(page, path)
            yield from found
            if not found or page.object.get("has_more") is not True:
                return
            last = {"starting_after": found[-1].object.get("id")}

    def post(
        self, step: str, path: str, params: Params, find_effect: FindEffect | None = None
    ) -> StripeAnswer:
        """Create an object, or find the one that an earlier attempt created.

        Args:
            step: the name of the step within the command.
            path: the path of the request.
            params: the parameters.
            find_effect: looks up the effect; None where Stripe's API has no way to.

        Returns:
            The object in Stripe's answer, or the one that was found.

        Raises:
            TransientError, PermanentError: the object was neither created nor found.
            MalformedAnswerError: the answer is not a JSON object.
        """
        is_old = self._at - self._asked_at > KEY_LIFETIME
        if is_old and find_effect and (found := find_effect()) is not None:
            return self._note(found)
        for number in range(MAX_KEYS):
            call = Call("POST", path, params, self._key(step, number), self._connected_account)
            reply = self._transport.send(call)
            if is_success(reply):
                return self._read(reply, call)
            if (found := self._effect(reply, call, find_effect)) is not None:
                return self._note(found)
        raise TransientError(f"POST {path}: all {MAX_KEYS} idempotency keys are spent")

    def _effect(
        self, reply: Reply, call: Call, find_effect: FindEffect | None
    ) -> StripeAnswer | None:
        """The effect of a POST that failed; None to continue with the next key."""
        error = self._failure(reply, call)
        spent = is_spent_key(reply, error) or (self._is_retried and is_replay(reply))
        if spent or is_refusal(error):
            found = find_effect() if find_effect else None
            if found is not None:
                return found
        if not spent:
            raise error
        return None

    def _read(self, reply: Reply, call: Call) -> StripeAnswer:
        """The object in a successful reply."""
        return self._note(read(reply, call))

    def _note(self, answer: StripeAnswer) -> StripeAnswer:
        """Note that the key reaches the object."""
        if name := fields.identifier(answer.object.get("id")):
            self._reach.note(self._connected_account, name, self._at)
            self._shown.add(name)
        return answer

    def _failure(self, reply: Reply, call: Call) -> GatewayError:
        """The error for a failed request. A missing object is final if the key is proved (F1).

        An object that this attempt has just seen is not missing, whatever Stripe says. A caller's
        command needs no proof: its failure changes nothing, and the caller waits for no later
        success.
        """
        error = failure(reply, call)
        if not isinstance(error, OperatorError) or error.code is not Fault.MISSING:
            return error
        missing = may_be_missing(reply, call)
        is_proved = isinstance(self._command, CallerCommand) or self._reach.includes_another(
            self._connected_account, missing, self._asked_at
        )
        if is_proved and not missing & self._shown:
            return missing_for_good(reply, call)
        return error

    def _key(self, step: str, number: int) -> str:
        key = f"{self._command.id}:{step}"
        return f"{key}:{number}" if number else key


def path(*segments: str) -> str:
    """``path("accounts", "acct_1")`` → ``/v1/accounts/acct_1``.

    Raises:
        PermanentError: a segment is not a valid id, and could lead to another path.
    """
    for segment in segments:
        if not _SEGMENT.fullmatch(segment):
            raise PermanentError(f"{segment!r} is not a valid id", code="invalid_id")
    return "/".join(["/v1", *segments])
