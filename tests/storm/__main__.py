"""Let a long storm pass: ``python -m tests.storm --accounts 2000 --workers 2``.

It makes a PostgreSQL server of its own, and says what webhooks and customers saw.
"""

import argparse
import tempfile
from pathlib import Path

from ..postgres import running_server, url_of
from .storm import Weather, run


def main() -> None:
    """Parse the arguments, and let it pass."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, default=2000, help="default: 2000")
    parser.add_argument("--workers", type=int, default=2, help="default: 2")
    parser.add_argument("--customers", type=int, default=60, help="default: 60")
    parser.add_argument("--every", type=float, default=0.5, help="seconds; default: 0.5")
    given = parser.parse_args()
    import psycopg

    from relink.adapters.store import migrate

    with running_server() as server, tempfile.TemporaryDirectory() as folder:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE storm")
        url = url_of(server.get_uri(), "storm")
        migrate(url)
        print(run(url, Path(folder), Weather(**vars(given))))


if __name__ == "__main__":
    main()
