"""YAML texts that are changed in place, with comments and order as they were; no setting is known.

``document`` parses a text, for values into the ``tree``, for editing into places. ``edit`` changes
one value by what ``places``, ``scalars`` and ``outline`` find. ``slips`` names mistakes of writing.
"""
