"""YAML texts, changed in place without loss of comments and order. Independent of any setting.

``tree`` parses a text into values, which is all that loading needs. For editing, ``document``
parses it into places, and ``edit`` changes one value with the help of ``places``, ``scalars`` and
``outline``. ``slips`` recognises common mistakes in YAML.
"""
