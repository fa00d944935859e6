"""Routes that draw the machines."""

from functools import cache
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from relink.adapters.graphviz import GraphvizError, render
from relink.engine import Table
from relink.engine.diagram import dot, mermaid
from relink.machines import CHARTS

from .errors import unavailable
from .problems import UNKNOWN, Problem, documented

_SVG = {
    "description": "A picture of the machine.",
    "content": {"image/svg+xml": {"example": "<svg/>"}},
}
_MERMAID = {
    "description": "The machine as a Mermaid diagram.",
    "content": {"text/plain": {"example": "stateDiagram-v2\n"}},
}
# Declared here, since in the signature an unknown name would be a 422 and not a 404.
_NAME: dict[str, Any] = {
    "parameters": [
        {
            "name": "name",
            "in": "path",
            "required": True,
            "schema": {"type": "string", "enum": list(CHARTS)},
        }
    ]
}


def add_machine_routes(router: APIRouter) -> None:
    """Add the routes to a guarded router."""

    @cache
    def drawn(table: Table) -> bytes:
        return render(dot(table), "svg")

    @router.get(
        "/machines/{name}.svg",
        response_class=Response,
        responses={200: _SVG, **documented(401, 404, 503)},
        openapi_extra=_NAME,
        tags=["machines"],
    )
    def get_svg(request: Request) -> Response:
        """Draw a machine."""
        try:
            return Response(drawn(_table(request)), media_type="image/svg+xml")
        except GraphvizError as error:
            raise unavailable(f"The machine cannot be drawn: {error}") from None

    @router.get(
        "/machines/{name}.mmd",
        response_class=Response,
        responses={200: _MERMAID, **documented(401, 404)},
        openapi_extra=_NAME,
        tags=["machines"],
    )
    def get_mermaid(request: Request) -> Response:
        """Return a machine as a Mermaid diagram."""
        return Response(mermaid(_table(request)), media_type="text/plain")


def _table(request: Request) -> Table:
    chart = CHARTS.get(request.path_params["name"])
    if chart is None:
        raise Problem(UNKNOWN, f"No machine has this name. The machines are {', '.join(CHARTS)}.")
    return chart.table()
