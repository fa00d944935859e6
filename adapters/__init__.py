"""Everything around the machines that touches the world; one package for each port.

These modules stand beside the packages because several of them need each: ``settings`` (what the
environment says), ``bootstrap`` (makes the parts of a process from it), ``logs``, ``png``
(pictures as PNG) and ``explain``. pytest looks for
``pytest_plugin`` by an entry point.
"""
