"""The labelled set of the identifiers' detectors: texts and columns, made by seeded generators.

`development` is what rules are tuned on; `held_out` has other templates, other generators of names and other
seeds, and is run only to measure. `labelled` holds what both share: what a labelled text or column is.
"""
