"""Access to files for all other packages: locks, private folders, atomic writes, refused links.

The user's own files are read by ``read``, written by ``write``, and changed by ``rewriting``.
"""
