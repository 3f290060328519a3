"""The extract gate: what an extract must pass before anyone can be granted it."""
