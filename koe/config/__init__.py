"""The user's configuration: one directory holding ``config.yaml`` and the dictionary.

For loading: ``store`` finds and reads the files, `koe.yamltext` parses them, and ``schema`` says
which settings exist; its sections are declared with ``sections`` and ``fields`` and read by
``reader``; ``engines`` and ``llm`` are the two large ones. ``legacy`` knows an old file,
``hotkeys`` turns key names into key codes, ``settings`` holds what is in force.

For changing, imported when it is done: ``migrate`` renews an old file through `koe.yamltext.edit`.
``dictionary`` looks at the other file, and changes it. `koe.files` reads and writes both.
What settings windows ask is in `koe.config.windows`, and what people ask in `koe.config.people`.
Import the module that you need.
"""
