"""Straight into a simulator in the same process: no HTTP and no SDK, for speed."""

from relink.adapters.simulator import Request, SimulatedTimeout, Simulator

from .errors import TransientError
from .live import StripeGateway
from .secret import ApiKey
from .transport import PREVIEW, Body, Call, Reply

TEST_KEY = ApiKey("sk_test_in_process")


class InProcessTransport:
    """A simulator.

    Args:
        simulator: what answers.
        api_key: sent with every request, as is the version.
        api_version: which the answers follow.
    """

    def __init__(
        self, simulator: Simulator, api_key: ApiKey = TEST_KEY, api_version: str = PREVIEW
    ) -> None:
        self._simulator = simulator
        self._headers = {
            "authorization": f"Bearer {api_key.reveal()}",
            "stripe-version": api_version,
        }

    def send(self, call: Call) -> Reply:
        """Send one request, once.

        Raises:
            TransientError: no reply came, and whether the request arrived is not known.
        """
        headers = dict(self._headers)
        if call.idempotency_key:
            headers["idempotency-key"] = call.idempotency_key
        if call.connected_account:
            headers["stripe-account"] = call.connected_account
        form = call.form.encode()
        posted, asked = (form, b"") if call.method == "POST" else (b"", form)
        request = Request(call.method, call.path, body=posted, query=asked, headers=headers)
        try:
            response = self._simulator.handle(request)
        except SimulatedTimeout:
            response = None
        if response is None:
            raise TransientError(f"no answer to {call.method} {call.path}: SimulatedTimeout")
        return Reply(response.status, response.headers, Body(response.body))


class SimulatorGateway(StripeGateway):
    """The gateway to a simulator in the same process.

    Args:
        simulator: what answers; None makes a new one.
        api_version: which the answers follow.
    """

    def __init__(self, simulator: Simulator | None = None, api_version: str = PREVIEW) -> None:
        self.simulator = simulator or Simulator()
        super().__init__(InProcessTransport(self.simulator, api_version=api_version))
