"""YAML texts that are changed in place, with comments and order as they were; no setting is known.

``tree`` parses a text into values, which is all that loading needs. For editing, ``document`` makes
places of it, and ``edit`` changes one value by what ``places``, ``scalars`` and ``outline`` find.
``slips`` names mistakes of writing.
"""
