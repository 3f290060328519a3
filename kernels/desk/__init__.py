"""The desk's side: Jupyter's kernel management, with every kernel in the engine container."""
