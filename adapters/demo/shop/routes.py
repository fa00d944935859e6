"""The shop's page, and what it needs besides relink's own API."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from relink.adapters.service import Service, UnknownAccountError
from relink.engine.diagram import Overlay, svg
from relink.engine.diagram.pictures import Svg
from relink.engine.errors import UnknownStateError
from relink.machines import CHARTS
from relink.machines.reasons import Anomaly
from relink.machines.words.codes import REASONS, clause
from relink.machines.words.states import STATES

from .customers import Customer
from .inbox import Inbox
from .timeline import timeline

PAGES = Path(__file__).parent / "pages"

# The page loads only its own files, has no inline scripts or styles, and cannot be framed.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def shop_routes(
    service: Service, inbox: Inbox, customers: Sequence[Customer], bank: str
) -> list[BaseRoute]:
    """The routes, all under ``/demo``.

    Args:
        service: relink, in the same process.
        inbox: receives relink's notifications.
        customers: the shop's customers.
        bank: the URL of StripeBank's pages.
    """

    def page(_: Request) -> Response:
        return FileResponse(PAGES / "shop.html", headers=HEADERS)

    def list_customers(_: Request) -> Response:
        return JSONResponse({"bank": bank, "customers": [asdict(one) for one in customers]})

    def show_timeline(request: Request) -> Response:
        id = request.path_params["id"]
        holder = service.account(id).snapshot.facts.holder
        named = {each.id: each.name for each in customers}
        story = service.story(id, named.get(holder.id if holder else "", "the customer"))
        return JSONResponse({"timeline": timeline(story, request.query_params.get("depth", ""))})

    def record_mandate(request: Request) -> Response:
        if not _is_own(request):
            return Response(status_code=403)
        service.collect_mandate(request.path_params["id"])
        return Response(status_code=204)

    return [
        Route("/demo", page),
        Mount("/demo/static", StaticFiles(directory=PAGES / "static")),
        Route("/demo/customers", list_customers),
        Route("/demo/words", lambda _: JSONResponse(words())),
        Route("/demo/notifications", inbox.show),
        Route("/demo/notifications", inbox.receive, methods=["POST"]),
        Route("/demo/accounts/{id}/timeline", _or_404(show_timeline)),
        Route("/demo/accounts/{id}/mandate", _or_404(record_mandate), methods=["POST"]),
        Route("/demo/machines/account/{state}.svg", _or_404(draw_account)),
    ]


def words() -> dict[str, Any]:
    """The words of the machines, which the page shows: of states, reasons and anomalies."""
    states = {
        state: {"name": found.name, "tone": found.tone.value}
        for state, found in STATES["account"].items()
    }
    anomalies = {code.value: clause(code.sentence) for code in Anomaly}
    return {"states": states, "reasons": REASONS, "anomalies": anomalies}


def draw_account(request: Request) -> Response:
    """The account chart as a picture, with one state highlighted."""
    picture = _drawn(request.path_params["state"])
    policy = f"default-src 'none'; style-src {picture.style_source}; frame-ancestors 'none'"
    headers = {**HEADERS, "Content-Security-Policy": policy}
    return Response(picture, headers=headers, media_type="image/svg+xml")


@cache
def _drawn(state: str) -> Svg:
    return svg(CHARTS["account"], overlay=Overlay(here=state), theme="light")


def _is_own(request: Request) -> bool:
    """Whether the shop's own page, or no page, sent the request. Browsers name the origin of every
    POST, and a page of another origin could send this one."""
    own = f"{request.url.scheme}://{request.url.netloc}"
    return request.headers.get("origin", own) == own


def _or_404(answer: Callable[[Request], Response]) -> Callable[[Request], Response]:
    """Answer 404 for an unknown account or state."""

    def answer_or_404(request: Request) -> Response:
        try:
            return answer(request)
        except (UnknownAccountError, UnknownStateError):
            return Response(status_code=404)

    return answer_or_404
