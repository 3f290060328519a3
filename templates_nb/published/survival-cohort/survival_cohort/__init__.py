"""The analysis of the template ``survival-cohort``: plain functions that its notebook calls in turn."""
