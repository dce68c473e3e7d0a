"""Files, for everything above: locks, links, and how something is opened.

The user's own files are read by ``read``, written by ``write``, and changed by ``rewriting``.
"""
