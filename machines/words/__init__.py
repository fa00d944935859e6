"""Words: what the machines do, for people. Everything that is shown takes its words from here.

States, codes, commands and events have words in closed mappings, so one without words fails the
type check or a test. A decision becomes a thought (:mod:`.thoughts`): one sentence that stands
alone, with values, and how deep a reader has to look to care about it. An account's end becomes an
outcome (:mod:`.outcome`).

Code compares codes. Nothing here is stored or compared, so any sentence can be reworded.
"""
