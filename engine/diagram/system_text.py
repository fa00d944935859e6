"""Which machine of a system sends what to which, as a Mermaid ``flowchart``.

A way between two machines is one arrow, with the names of all events on it. Mermaid lays it out.
The picture of :mod:`.lanes` is easier to read where machines have much to tell each other.
"""

from itertools import groupby

from ..arguments import explained, wrong_argument
from ..system import System
from .mermaid_text import escaped, quoted, safe_id
from .told import told

_OUTSIDE = "outside"
"""The node of what comes through the route. Ids of machines begin with ``s_``."""


@explained
def system_mermaid(system: System, title: str = "") -> str:
    """What the machines of a system send each other, as Mermaid text.

    Args:
        system: The system; see :mod:`relink.engine.sends` for what it declares.
        title: What the system is.

    Raises:
        ArgumentError: it is no system.
        StoryError: a chart's story is none, or names what its table does not have.
    """
    if not isinstance(system, System):
        raise wrong_argument("system_mermaid", "a System", system, "pass the system itself")
    sends = system.sent.sends
    lines = ["---", f"title: {quoted(title or 'What the machines tell each other')}", "---"]
    lines.append("flowchart LR")
    if any(each.sender is None for each in sends):
        lines.append(f"    {_OUTSIDE}([outside])")
    for name, table in system.tables.items():
        about = told(table).title
        words = name.replace("_", " ")
        more = f"<br>{escaped(about)}" if about != words else ""
        lines.append(f'    {safe_id(name)}["{escaped(words)}{more}"]')
    ways = sorted(sends, key=lambda x: (list(system.tables).index(x.target), x.sender or ""))
    for (sender, target), found in groupby(ways, key=lambda x: (x.sender, x.target)):
        source = _OUTSIDE if sender is None else safe_id(sender)
        said = "<br>".join(escaped(each.event.replace("_", " ")) for each in found)
        lines.append(f'    {source} -->|"{said}"| {safe_id(target)}')
    lines += (f"    %% not declared: what {name} sends" for name in system.sent.silent)
    return "\n".join(lines) + "\n"
