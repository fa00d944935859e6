"""Naming a machine on the command line."""

import argparse

from relink.engine import Table
from relink.machines import CHARTS


def add_machine(parser: argparse.ArgumentParser) -> None:
    """Declare the argument that names a machine: ``account``, ``account-number``, …"""
    names = [name.replace("_", "-") for name in CHARTS]
    parser.add_argument("machine", choices=names, help=", ".join(names), metavar="MACHINE")


def table_of(arguments: argparse.Namespace) -> Table:
    """The compiled chart of the named machine."""
    return CHARTS[arguments.machine.replace("-", "_")].table()
