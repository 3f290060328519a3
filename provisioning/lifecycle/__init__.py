"""The end of a project: its archive, a BagIt bag, and its deletion, with a certificate."""
