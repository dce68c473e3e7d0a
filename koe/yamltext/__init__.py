"""YAML texts, changed in place without loss of comments and order. Independent of any setting.

For loading, ``loading`` makes a ``tree`` of values: by ``lines`` if each setting is on one line,
else by ``parser``. For editing, ``document`` parses a text into places, and ``edit`` changes one
value with the help of ``places``, ``scalars`` and ``outline``. ``slips`` recognises common mistakes
in YAML.
"""
