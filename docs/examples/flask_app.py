"""relink in Flask, in one process, as SQLite needs it: ``python flask_app.py``."""

import logging
import os
from collections.abc import Generator
from contextlib import contextmanager

from flask import Flask, request
from flask import session as login
from relink_answers import EXPECTED, Answer, error_answer, owned, result_answer, session_answer
from relink_setup import maintain, performer, service, settings, store

from relink.adapters.runner import Loop, PeriodicTask
from relink.adapters.store import migrate
from relink.adapters.store.sqlite.lock import exclusive
from relink.engine import Command


def create_app() -> Flask:
    """The application: Stripe's webhook, a relink for the logged-in customer, and its result."""
    app = Flask(__name__)
    app.config["SECRET_KEY"] = os.environ["SECRET_KEY"]
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"  # other sites cannot post as the customer
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000  # anyone can post to the webhook
    for kind in EXPECTED:
        app.register_error_handler(kind, error_answer)

    @app.post("/webhooks/stripe")
    def webhook() -> dict[str, str]:
        # Pass the raw bytes: the signature covers them.
        signature = request.headers.get("Stripe-Signature", "")
        return {"outcome": service().handle_webhook(request.get_data(), signature)}

    @app.post("/accounts/<account>/relink")
    def relink(account: str) -> Answer:
        opened = service().request_relink(owned(account, login.get("customer")))
        login["relink"] = opened.id
        return session_answer(opened)

    @app.post("/relink/result")
    def result() -> Answer:
        # The session that this customer opened, never one that the request names.
        name = request.form.get("billing_name")
        return result_answer(service().session_result(login.get("relink", ""), name))

    return app


def notify(command: Command, command_id: str) -> None:
    """Replace this: write to the customer, ask for a name or alert someone, by ``command.name``.

    It can be called twice with the same id. If it raises, it is called again later.
    """
    logging.getLogger("shop").info("%s: %r", command_id, command)


@contextmanager
def working() -> Generator[None]:
    """Create or upgrade relink's tables, and perform commands in threads of this process."""
    migrate(settings().database)
    with exclusive(settings().database):  # a second process would repeat the commands
        loop = Loop(store(), performer(notify), [PeriodicTask("maintain", 60, maintain)])
        loop.start()
        try:
            yield
        finally:
            loop.stop()


if __name__ == "__main__":
    with working():
        create_app().run()
