"""What ``relink serve --demo`` refuses."""

import tempfile
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from starlette.applications import Starlette

from relink.adapters.demo.endpoint import serving
from relink.adapters.demo.server import run_demo
from relink.adapters.demo.shop import Inbox, shop_routes
from relink.adapters.settings import SettingsError

from ..rig import Rig


def test_a_missing_folder_for_temporary_files_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(SettingsError, match="Set TMPDIR to a folder that can be written to"):
        run_demo("127.0.0.1", [])


def test_a_page_of_another_origin_records_no_mandate():
    with Rig() as rig:
        account = rig.linked()
        routes = shop_routes(rig.service, Inbox("secret", lambda: rig.now), [], "")
        with serving(Starlette(routes=routes)) as shop:
            mandate = f"{shop}/demo/accounts/{account}/mandate"
            steps = len(rig.steps)
            assert [posted(mandate, o) for o in ("https://evil.example", "null")] == [403, 403]
            assert len(rig.steps) == steps
            assert [posted(mandate, o) for o in (shop, None)] == [204, 204]
            assert len(rig.steps) == steps + 2


def posted(url: str, origin: str | None) -> int:
    """The status of a POST that a page of this origin sends; None: no page."""
    headers = {} if origin is None else {"Origin": origin}
    request = urllib.request.Request(url, b"", headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code
