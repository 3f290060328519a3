"""How a desk runs code that it does not trust.

`isolation` writes an engine container; `engine` is the launcher inside it; `desk` is the Jupyter
side that asks the launcher for kernels; `protocol` is what the two say to each other.
"""
