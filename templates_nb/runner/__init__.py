"""Runs one template inside a run engine: ``python -I -m templates_nb.runner``.

`request` reads what is asked for, `run` does it, `execution` drives papermill and the kernel,
`progress` tells how far it is, `report` makes the HTML report, `record` writes ``run.json``.
"""
