"""The desk's view of the workspace: a contents manager that trusts nothing it finds on the disk.

The workspace is shared with the engine, whose code is hostile and may change anything in it at any
moment. Nothing here follows a link, opens anything but a regular file or a folder, waits for
anybody, or decides on a name and then uses that name for something that matters.
"""
