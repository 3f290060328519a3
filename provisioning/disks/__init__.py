"""A project's disk: a file system of its own, so that its quota holds whatever its code does.

What a project writes, its workspaces and runs, is in one ext4 image in ``disks/`` of the data folder, as
large as the registry says and mounted where the folders would be. A process of its own mounts
(``python -m provisioning.disks``), the only one that may: it gets no network, no registry and no
Docker, and takes a project's name and a size, nothing else.
"""
