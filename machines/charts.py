"""All charts, and the machines as one."""

from functools import cache

from relink.engine import System

from .account import AccountChart
from .account_number import AccountNumberChart
from .authorization import AuthorizationChart
from .build import BuildChart
from .holder import HolderChart
from .outage import OutageChart
from .payment_method import PaymentMethodChart
from .read import ReadChart
from .routing import ROUTED, route
from .session import SessionChart

CHARTS = {
    "account": AccountChart,
    "authorization": AuthorizationChart,
    "session": SessionChart,
    "account_number": AccountNumberChart,
    "build": BuildChart,
    "payment_method": PaymentMethodChart,
    "outage": OutageChart,
    "holder": HolderChart,
    "read": ReadChart,
}
"""All charts, by the names that their addresses use."""


@cache
def relink_system() -> System:
    """The machines as one; their tables are read at the first call."""
    tables = {name: chart.table() for name, chart in CHARTS.items()}
    return System(tables, route, routed=ROUTED)
