"""Backing a site up into one archive and one sealed file of keys, and restoring both onto an empty site.

`create` writes, `restore` puts back; `archive` is the format, `manifest` what it promises, `tree` how
folders are read that members and engines write to, `registry` the database's copy, `keys` the seal.
"""
