from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

WRITE = """
import base64, json
html = f"<!-- {base64.b64encode(secret).decode()} -->"
output = {"output_type": "display_data", "metadata": {}, "data": {"text/html": html}}
cell = {"cell_type": "code", "id": "c", "metadata": {}, "execution_count": 1, "source": "", "outputs": [output]}
json.dump({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}, open("convert.ipynb", "w"))
"""


@channel(
    "nbconvert",
    "A notebook converted: to HTML, a script and a notebook, shown and downloaded",
    closed_by="policy table: conversion is denied",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(WRITE)
    asked = [f"nbconvert/{kind}/convert.ipynb" for kind in ("html", "notebook", "markdown")]
    found = [site.get(path).body + site.get(f"{path}?download=true").body for path in asked]
    posted = {"content": {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}, "name": "x"}
    return b"\n".join([*found, site.ask("POST", "nbconvert/html", posted).body])
