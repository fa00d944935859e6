"""The library room: everything that touches the inside of python-statemachine.

The rest of relink imports ``State``, ``StateChart`` and ``Event`` from ``statemachine`` and
nothing else, so what a new release of the library can break is in this package. A test holds
both halves of that: no other module imports the library's modules or reads the private
attributes listed here, and the lists here are complete.

The compiler needs three things that python-statemachine has no public interface for:

- *What a chart declares* (:mod:`.structure`): the conditions and actions of a state or
  transition as they were written, before the library resolves them to methods.
- *What a chart does* (:mod:`.probe`): which transition the library takes for given guard
  answers, and which actions it runs, without running any method of the chart.
- *Which names are taken* (:mod:`.names`): a state, event or method with the name of a part of
  the machine would replace that part.

And what the library would refuse in its own words, or misread, is found in the chart's body
(:mod:`.body`) and when its class is made (:mod:`.metaclass`).

Private attributes, and why:

- ``_specs`` of states and transitions: the declared callbacks. Public iteration
  (``transition.cond``, ``state.enter``) loses which of them are found by naming convention.
- ``_events`` of the class: the names of all events, also of those that the class body assigns to
  a name and no transition uses.
- ``_class_listeners``: listeners add callbacks that the chart does not show.
- ``_callbacks``, ``_registry`` and ``_callback``: the resolved callbacks. The probe replaces
  them one by one. Overriding methods in a subclass instead misses decorated and inherited ones.
- ``_set_id``: names a state of a body, before the library does.
- ``_engine``: the event loop of a machine. The probe puts in its own, which notes the
  transition taken and goes on after a final state.

Modules without documentation: ``callbacks`` (kinds of callbacks), ``engines.sync`` and
``event_data`` (the loop), ``factory`` (the metaclass), ``graph`` (all states, nested ones
included), ``orderedset`` (type of a configuration), ``spec_parser`` (guard expressions), ``state``
(the type of a compound state in a class body), ``states`` (a collection of them), ``transition``
and ``transition_list``, ``exceptions``.

When a new python-statemachine is released:

1. Run ``tests/engine`` against it. ``test_generated_charts.py`` compares tables with the plain
   library on thousands of charts, and finds differences in meaning.
2. Read the changes of ``SyncEngine.microstep`` and of ``CallbacksRegistry``: the probe relies on
   one microstep for each event, and on one registry that holds every callback.
3. Read the changes of ``StateChart.__init__`` and of the metaclass for new attributes: those
   set on each instance or class belong in :mod:`.names`.
4. Look for new kinds of states, transitions and callbacks: what a table cannot express,
   :mod:`relink.engine.validation` has to reject.
5. Raise the upper bound in ``pyproject.toml``, and add the release to :data:`.outline.TESTED`: only
   on those are stored tables used. CI runs both ends of the range, and compares the tables.
"""
