"""relink in Django, in one file: ``python django_app.py runserver``.

Another process carries out the commands; ``celery_app.py`` is one.
"""

import os
from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from relink_answers import EXPECTED, Answer, error_answer, own, result_answer, session_answer
from relink_setup import service

settings.configure(
    SECRET_KEY=os.environ["SECRET_KEY"],
    ALLOWED_HOSTS=os.environ["ALLOWED_HOSTS"].split(","),
    ROOT_URLCONF=__name__,
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ],
)


def answers(view: Callable[..., Answer]) -> Callable[..., HttpResponse]:
    """A view that answers POSTs, and expected errors too."""

    @wraps(view)
    def respond(request: HttpRequest, **arguments: str) -> HttpResponse:
        try:
            body, status, headers = view(request, **arguments)
        except EXPECTED as error:
            body, status, headers = error_answer(error)
        return JsonResponse(body, status=status, headers=headers)

    only_post: Callable[..., HttpResponse] = require_POST(respond)
    return only_post


@csrf_exempt  # Stripe has no token of ours: its signature says who it is
@answers
def webhook(request: HttpRequest) -> Answer:
    """Take in a webhook, by its bytes as they came: the signature is of them."""
    signature = request.headers.get("Stripe-Signature", "")
    return {"outcome": service().handle_webhook(request.body, signature)}, 200, {}


@answers
def relink(request: HttpRequest, account: str) -> Answer:
    """Open a relink session for whoever is logged in."""
    opened = service().request_relink(own(account, request.session.get("customer")))
    request.session["relink"] = opened.id
    return session_answer(opened)


@answers
def result(request: HttpRequest) -> Answer:
    """Tell what came of the session that this customer opened."""
    name = request.POST.get("billing_name")
    return result_answer(service().session_result(request.session.get("relink", ""), name))


urlpatterns = [
    path("webhooks/stripe", webhook),
    path("accounts/<str:account>/relink", relink),
    path("relink/result", result),
]
application = get_wsgi_application()

if __name__ == "__main__":
    execute_from_command_line()
