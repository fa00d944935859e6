"""A simulator in the same process, without HTTP and the SDK: fast."""

from relink.adapters.simulator import Request, SimulatedTimeout, Simulator

from .errors import TransientError
from .live import StripeGateway
from .secret import ApiKey
from .transport import PREVIEW, Body, Call, Reply

TEST_KEY = ApiKey("sk_test_in_process")


class InProcessTransport:
    """Sends requests to a simulator in the same process.

    Args:
        simulator: answers the requests.
        api_key: the API key sent with every request.
        api_version: the API version sent with every request.
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
            TransientError: no reply came. It is not known whether the request arrived.
        """
        headers = dict(self._headers)
        if call.idempotency_key:
            headers["idempotency-key"] = call.idempotency_key
        if call.connected_account:
            headers["stripe-account"] = call.connected_account
        form = call.form.encode()
        body, query = (form, b"") if call.method == "POST" else (b"", form)
        request = Request(call.method, call.path, body=body, query=query, headers=headers)
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
        simulator: answers the requests; None makes a new one.
        api_version: the API version sent with every request.
    """

    def __init__(self, simulator: Simulator | None = None, api_version: str = PREVIEW) -> None:
        self.simulator = simulator or Simulator()
        super().__init__(InProcessTransport(self.simulator, api_version=api_version))
