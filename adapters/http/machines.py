"""Routes that draw the machines."""

from functools import cache
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from relink.engine import Table
from relink.engine.diagram import mermaid, svg
from relink.engine.diagram.pictures import Svg
from relink.machines import CHARTS

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

    @router.get(
        "/machines/{name}.svg",
        response_class=Response,
        responses={200: _SVG, **documented(401, 404)},
        openapi_extra=_NAME,
        tags=["machines"],
    )
    def get_svg(request: Request) -> Response:
        """Draw a machine: what its states mean, and the moves that matter."""
        picture = _drawn(_table(request))
        policy = f"default-src 'none'; style-src {picture.style_source}; frame-ancestors 'none'"
        headers = {"content-security-policy": policy}
        return Response(picture, headers=headers, media_type="image/svg+xml")

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


@cache
def _drawn(table: Table) -> Svg:
    return svg(table)


def _table(request: Request) -> Table:
    chart = CHARTS.get(request.path_params["name"])
    if chart is None:
        raise Problem(UNKNOWN, f"No machine has this name. The machines are {', '.join(CHARTS)}.")
    return chart.table()
