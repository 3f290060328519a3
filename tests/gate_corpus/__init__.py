"""The labelled set of the identifiers' detectors: texts and columns, made by seeded generators.

`development` is what rules are tuned on. `held_out` was held out until it had been run and is a second part to tune
on since. `held_out_2` has other templates, other generators of names and other seeds, and is run only to measure.
`labelled` holds what they share: what a labelled text or column is.
"""
