"""Files: locks, links, and safe ways to open, write and change them.

The user's own files are read by ``read``, written by ``write``, and changed by ``rewriting``.
"""
