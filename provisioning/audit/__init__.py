"""The audit trail: one chain of records in the registry; each names the one before by its SHA-256."""
