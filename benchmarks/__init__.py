"""What relink costs, beside what others cost: ``python -m benchmarks``.

A *row* asks one question, such as how long a decision takes. It has several *sides*: relink, and
others that do the same. All sides of a row take turns, round by round, so that a slow moment of the
machine is slow for all of them. What counts is the ratio, which hardly depends on the machine.
"""
