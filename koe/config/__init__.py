"""The user's configuration: one directory holding ``config.yaml`` and the dictionary.

For loading: ``schema`` says which settings exist and converts them, ``store`` finds and reads
the files, ``document`` parses them, ``legacy`` knows an old one, ``hotkeys`` turns key names
into key codes.

For changing, imported when it is done: ``access`` reads and writes one setting, ``migrate``
renews an old file; both work through ``edit``, which rests on ``places``, ``scalars`` and
``outline``, and are saved by ``write``. Import the module that you need.
"""
