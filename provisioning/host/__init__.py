"""Setting up a site on one machine: what `make up`, `make down` and `make clean` do.

It runs on the host before anything is installed, so it uses the standard library only.
"""
