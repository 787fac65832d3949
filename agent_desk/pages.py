"""The browser front end: built files from ``agent_desk/static``, and its index for every address of the app.

The front end is built, not committed; until it is, a plain page says what to do.
"""

import asyncio
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).parent / "static"

_NOT_BUILT = """<!doctype html><html lang="zh"><meta charset="utf-8"><title>hotline12345</title>
<h1>前端尚未构建</h1><p>请在项目目录运行 <code>make setup</code>,然后刷新本页。</p>
<h1>The front end is not built yet</h1><p>Run <code>make setup</code> in the project folder, then reload.</p></html>"""


class Pages(StaticFiles):
    """Static files; what is not a file is an address inside the app, except names that look like files."""

    def __init__(self, folder: Path = STATIC) -> None:
        super().__init__(directory=folder, check_dir=False)
        self._index = folder / "index.html"

    async def check_config(self) -> None:
        """A missing folder is no fault: the front end is not built yet."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405)
        if scope["path"] == "/api" or scope["path"].startswith("/api/"):  # as asked, before ".." is resolved
            raise HTTPException(404)
        if not await asyncio.to_thread(self._index.is_file):
            return HTMLResponse(_NOT_BUILT, 503)
        try:
            if path not in (".", "index.html"):
                return _cached(await super().get_response(path, scope), path)
        except HTTPException as missing:
            if missing.status_code != 404 or "." in path.rsplit("/", 1)[-1]:
                raise
        return _cached(await super().get_response("index.html", scope), "index.html")


def _cached(response: Response, path: str) -> Response:
    """Built assets carry a hash in their names and never change; everything else is asked for again."""
    lasting = path.startswith("assets/") and response.status_code == 200
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if lasting else "no-cache"
    return response
