"""relink in Django: ``python django_app.py runserver``.

Another process performs the commands, such as ``celery_app.py``.
"""

import os
from collections.abc import Callable
from functools import wraps

from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from relink_answers import EXPECTED, Answer, error_answer, owned, result_answer, session_answer
from relink_setup import service

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "django_settings")


def answers(view: Callable[..., Answer]) -> Callable[..., HttpResponse]:
    """Make a view for POST requests that answers expected errors too."""

    @wraps(view)
    def respond(request: HttpRequest, **arguments: str) -> HttpResponse:
        try:
            body, status, headers = view(request, **arguments)
        except EXPECTED as error:
            body, status, headers = error_answer(error)
        return JsonResponse(body, status=status, headers=headers)

    only_post: Callable[..., HttpResponse] = require_POST(respond)
    return only_post


@csrf_exempt  # Stripe sends no CSRF token; its signature identifies it
@answers
def webhook(request: HttpRequest) -> Answer:
    """Apply a webhook. The signature covers the raw bytes."""
    signature = request.headers.get("Stripe-Signature", "")
    return {"outcome": service().handle_webhook(request.body, signature)}, 200, {}


@answers
def relink(request: HttpRequest, account: str) -> Answer:
    """Open a relink session for the logged-in customer."""
    opened = service().request_relink(owned(account, request.session.get("customer")))
    request.session["relink"] = opened.id
    return session_answer(opened)


@answers
def result(request: HttpRequest) -> Answer:
    """Answer the result of the session that this customer opened."""
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
