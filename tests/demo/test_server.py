"""What ``relink serve --demo`` refuses."""

import pytest

from relink.adapters.demo.server import run_demo
from relink.adapters.settings import SettingsError


@pytest.mark.parametrize("key", ["sk_live_1", "rk_live_1", "sk_org_live_1"])
def test_a_live_key_is_refused(key: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("STRIPE_API_KEY", key)
    with pytest.raises(SettingsError, match="STRIPE_API_KEY is a live key"):
        run_demo("127.0.0.1", 0)
