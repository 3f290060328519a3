"""The applications that an engine may serve to a desk, each named in `manifest`."""
