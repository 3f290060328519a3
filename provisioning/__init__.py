"""Projects, accounts, extracts, grants, templates and runs: the registry and what changes it."""
