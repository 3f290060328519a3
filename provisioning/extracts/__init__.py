"""Extracts: read-only folders of data with a manifest, made once and verified at every mount."""
