"""The HTTP reference: the OpenAPI document, for whoever is signed in, and a page that shows it (`/docs`).

The page holds nothing but an input for a token, which stays in the browser's memory; the document comes with it. Its
assets are those of the package `fastapi-swagger`, served from here; no inline script, nothing from another host.
"""

from collections.abc import Mapping
from importlib.resources import files
from typing import Annotated, Any, Final

import fastapi_swagger.resources as assets
from fastapi import APIRouter, Depends, FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.responses import HTMLResponse, JSONResponse, Response

from shared.web.sign_in import SignIn

MODEL: Final = "#/components/schemas/{model}"

_ASSETS: Final = {
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_PAGE: Final = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title><link rel="stylesheet" href="docs/swagger-ui.css"></head>
<body>
<form id="sign-in"><p><label for="token">Your token (of staff, or of a client)</label>
<input id="token" type="password" autocomplete="off" size="60"> <button>Show</button></p></form>
<p id="said" role="status"></p>
<div id="reference"></div>
<script src="docs/swagger-ui-bundle.js"></script><script src="docs/show.js"></script>
</body>
</html>
"""
_SHOW: Final = """document.getElementById("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const headers = { Authorization: "Bearer " + document.getElementById("token").value.trim() };
  const answer = await fetch("openapi.json", { headers });
  const said = await answer.json();
  document.getElementById("said").textContent = answer.ok ? "" : said.title;
  if (answer.ok) SwaggerUIBundle({ spec: said, dom_id: "#reference", deepLinking: true, validatorUrl: null,
    requestInterceptor: (request) => { Object.assign(request.headers, headers); return request; } });
});
"""


def router(app: FastAPI, sign_in: SignIn) -> APIRouter:
    """`/openapi.json`, `/docs` and its assets."""
    routes = APIRouter(include_in_schema=False)
    known = Annotated[None, Depends(sign_in.anybody())]

    @routes.get("/openapi.json")
    async def document(_: known) -> JSONResponse:
        """The document."""
        return JSONResponse(app.openapi())

    @routes.get("/docs")
    async def page() -> HTMLResponse:
        """The page, which is empty before somebody gives a token."""
        return HTMLResponse(_PAGE.format(title=app.title), headers={"Content-Security-Policy": _POLICY})

    @routes.get("/docs/show.js")
    async def show() -> Response:
        """The page's own script."""
        return Response(_SHOW, media_type="text/javascript; charset=utf-8")

    for name, kind in _ASSETS.items():
        routes.add_api_route(f"/docs/{name}", _asset(name, kind), methods=["GET"])
    return routes


def _asset(name: str, kind: str) -> Any:
    content = files(assets).joinpath(name)

    async def asset() -> Response:
        return Response(content.read_bytes(), media_type=kind, headers={"Cache-Control": "max-age=86400"})

    return asset


def described(app: FastAPI, models: Mapping[str, type[BaseModel]]) -> None:
    """Put schemas of bodies that are read and written by hand into the document, under names to be referred to."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        document = made()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        of, common = models_json_schema([(model, "validation") for model in models.values()], ref_template=MODEL)
        schemas |= {name: schema for name, schema in common.get("$defs", {}).items() if name not in schemas}
        for name, model in models.items():
            schemas.setdefault(name, of[model, "validation"])
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def named(model: type[BaseModel]) -> dict[str, str]:
    """A reference to a schema that `described` puts into the document."""
    return {"$ref": MODEL.format(model=model.__name__)}
