"""Everything that a store holds, as its own methods show it."""

from typing import Any

from relink.adapters.store import Store


def contents(store: Store) -> dict[str, Any]:
    """Two stores with the same contents answer the same."""
    histories, last = [], None
    while page := store.histories(last, 100):
        histories += page
        last = page[-1].address
    return {
        "histories": histories,
        "connected": {each.address: store.connected_account(each.address) for each in histories},
        "accounts": store.accounts(limit=1000),
        "states": store.count_by_state(),
        "due": store.due_commands(9e9, 1000),
        "dead": store.dead_letters(1000),
    }
