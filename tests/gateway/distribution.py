"""Another distribution that registers gateways of its own, as if it were installed."""

from pathlib import Path

MODULE = '''
from relink.adapters.gateway import Answer, Attempt
from relink.adapters.gateway.in_process import SimulatorGateway
from relink.adapters.simulator import Simulator

SIMULATOR = Simulator(seed=5)
MADE = []


class Echo:
    """Answers every command with no events."""

    def __init__(self, settings):
        self.settings = settings

    def perform(self, command, at, attempt=Attempt()):
        print("performed", command.name, "at", at)
        return Answer()


class Recording:
    """Records commands, and lets the module's simulator carry them out."""

    def __init__(self, settings):
        self.settings, self.commands = settings, []
        self.gateway = SimulatorGateway(SIMULATOR)
        MADE.append(self)

    def perform(self, command, at, attempt=Attempt()):
        self.commands.append(command.name)
        return self.gateway.perform(command, at, attempt)


def nothing(settings):
    return None


def lacking(settings):
    import a_package_that_is_not_installed
'''


def install(folder: Path, **entry_points: str) -> Path:
    """Install the distribution into a folder, to be put on the import path.

    Args:
        folder: where it goes.
        entry_points: names and values in the group ``relink.gateways``.
    """
    metadata = folder / "their_gateway-1.0.dist-info"
    metadata.mkdir()
    (folder / "their_gateway.py").write_text(MODULE)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: their-gateway\nVersion: 1")
    lines = "".join(f"{name} = {value}\n" for name, value in entry_points.items())
    (metadata / "entry_points.txt").write_text(f"[relink.gateways]\n{lines}")
    return folder
