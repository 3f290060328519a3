"""Publishing templates: immutable versions, addressed by digest."""
