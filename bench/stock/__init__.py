"""A stock JupyterHub site, with no line of Carrel in it, to compare with and to attack."""
