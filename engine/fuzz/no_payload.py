"""What is raised for a type that no values can be made up for."""

from ..errors import EngineError


class NoPayloadError(EngineError):
    """A field without a strategy, or one that rejects its values; the message names the field."""


class NothingWithinError(NoPayloadError):
    """Bounds that no value of the type keeps."""


class NeverAcceptedError(NoPayloadError):
    """Validators that refused every value that was tried."""

    def __init__(self, what: str, times: int) -> None:
        self.rule = f"{what} refused {times} generated values in a row"
        super().__init__(f"{self.rule}; give strategies for its fields with values={{…}}")
