"""What is asserted outside of the tests explains itself too when it fails."""

import pytest

pytest.register_assert_rewrite(
    *(f"{__package__}.{name}" for name in ("checks", "households", "installation", "secrecy"))
)
