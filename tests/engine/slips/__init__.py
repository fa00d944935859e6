"""Slips: what authors of charts do wrong, as data. Each is refused with its cure, or understood."""
