"""Planted faults: do the tests notice what they are there to notice?

Each file in ``faults/`` changes a few lines of relink so that one rule is broken, as a hurried
change might. :mod:`.__main__` plants each in a copy of the repository, never in the working tree,
and says which layer of the tests notices, and after how much. Two layers have to notice each fault.
"""
