"""The parameter ``metadata``."""


def merged(old: dict[str, str], new: dict[str, str] | None) -> dict[str, str]:
    """Metadata after an update: an empty text removes its key, None removes all."""
    return {name: value for name, value in {**old, **new}.items() if value} if new else {}
