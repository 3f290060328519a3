"""Carrel's container images: one folder an image, and the build that needs no network inside.

The build runs on the host before anything is installed, so its modules use the standard library.
"""
