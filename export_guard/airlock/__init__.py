"""The airlock: the one way through which files leave (and, later, enter) a project."""
