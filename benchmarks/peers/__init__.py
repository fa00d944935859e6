"""Other ways to take the account chart's decisions, each made from the chart's own declarations.

Each module has a function that takes the questions of the walk, and returns one that answers them
all: what it measures is also what is compared with the table's answers. Guards and effects are the
chart's own methods, so that only what is around them differs.
"""
