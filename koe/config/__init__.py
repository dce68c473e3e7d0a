"""The user's configuration: one directory with ``config.yaml`` and the dictionary.

For loading: ``store`` finds and reads the files, `koe.yamltext` parses them, and ``schema`` says
which settings exist; its sections are declared with ``sections`` and ``fields`` and read by
``reader``; ``engines`` and ``llm`` are the two large ones. ``legacy`` recognises old files,
``hotkeys`` turns key names into key codes, ``settings`` holds the settings in force.

For changing, imported when it is needed: ``migrate`` renews an old file through
`koe.yamltext.edit`. ``dictionary`` checks and changes the dictionary. `koe.files` reads and writes
both files. `koe.config.windows` serves settings windows, and `koe.config.people` serves commands.
Import the module that you need.
"""
