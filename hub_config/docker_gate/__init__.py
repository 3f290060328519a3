"""The one process that holds the Docker socket.

Whoever can speak to Docker is root on the host. So hub and portal speak to this gate instead, over
a unix socket of its own: it lets through the few calls that desks and runs need, holds every
container to its rules, resolves mounts to the site's own folders, and refuses the rest. It reaches
no network.
"""
