"""Run one server until standard input ends: ``python -m benchmarks.servers relink URL``.

It prints its port.

It imports of relink only what earlier releases have too (:mod:`..against`).
"""

import importlib
import socket
import sys
import threading
import time
from typing import Any


def main() -> None:
    """Serve."""
    import uvicorn

    kind, url = sys.argv[1:]
    application, options, close = importlib.import_module(f"benchmarks.servers.{kind}").made(url)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        # Head and body of a response are written separately; the body must not wait.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        settings: dict[str, Any] = {"log_config": None, "access_log": False, "lifespan": "off"}
        server = uvicorn.Server(uvicorn.Config(application, **settings, **options))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        print(listening.getsockname()[1], flush=True)
        sys.stdin.read()
        server.should_exit = True
        thread.join()
    close()


if __name__ == "__main__":
    main()
