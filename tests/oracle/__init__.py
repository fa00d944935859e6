"""A second, naive judgement of the rules, and a hostile world to compare the machines with it."""
