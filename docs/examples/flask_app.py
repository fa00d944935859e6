"""relink in Flask, all in one process, as SQLite needs it: ``python flask_app.py``."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, request
from flask import session as login
from relink_answers import EXPECTED, Answer, error_answer, own, result_answer, session_answer
from relink_setup import look_after, performer, service, settings, store

from relink.adapters.store.lock_file import exclusive
from relink.adapters.runner import Loop, PeriodicTask
from relink.engine import Command


def create_app() -> Flask:
    """The application: Stripe's webhook, a relink for whoever is logged in, and its result."""
    app = Flask(__name__)
    app.config["SECRET_KEY"] = os.environ["SECRET_KEY"]
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"  # other sites can't post in a customer's name
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000  # anybody can post to the webhook
    for kind in EXPECTED:
        app.register_error_handler(kind, error_answer)

    @app.post("/webhooks/stripe")
    def webhook() -> dict[str, str]:
        # The bytes as they came: the signature is of them, and of nothing parsed from them.
        signature = request.headers.get("Stripe-Signature", "")
        return {"outcome": service().handle_webhook(request.get_data(), signature)}

    @app.post("/accounts/<account>/relink")
    def relink(account: str) -> Answer:
        opened = service().request_relink(own(account, login.get("customer")))
        login["relink"] = opened.id
        return session_answer(opened)

    @app.post("/relink/result")
    def result() -> Answer:
        # Of the session that this customer opened, not of one that the request names.
        name = request.form.get("billing_name")
        return result_answer(service().session_result(login.get("relink", ""), name))

    return app


def tell(command: Command, command_id: str) -> None:
    """Yours: write to the customer, ask for a name, page somebody, by ``command.name``.

    It can be called twice, which the id tells. Where it raises, it is called again later.
    """
    logging.getLogger("shop").info("%s: %r", command_id, command)


@contextmanager
def working() -> Iterator[None]:
    """Carry out commands, in threads beside the server's."""
    with exclusive(settings().database_url):  # a second process would do the same commands
        loop = Loop(store(), performer(tell), [PeriodicTask("look_after", 60, look_after)])
        loop.start()
        try:
            yield
        finally:
            loop.stop()


if __name__ == "__main__":
    with working():
        create_app().run()
