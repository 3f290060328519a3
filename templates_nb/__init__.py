"""Standard analyses: published template notebooks, their typed parameters, the catalogue, the runner.

A template is a folder: ``template.yaml`` (read by `manifest`), ``notebook.ipynb`` without outputs, and
a Python package that the notebook imports. `digest` addresses a published version by its contents,
`catalogue` finds it, `parameters` checks what a person filled in, `runner` executes it in a run engine.
"""
