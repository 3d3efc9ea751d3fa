"""Randomised nights: the product's own line, hand-offs and calls at the carrier's twin, with people and faults drawn.

    night = run(drawn(seed=7))          # in virtual time; the same seed is the same night
    night.bridges(), night.patient.heard, night.orders ...

`plans` draws, `people` are at their telephones, `carrier` is what the line asks and says, `night` runs one.
"""
