"""The user's configuration: one directory holding ``config.yaml`` and the dictionary.

``schema`` says which settings there are, ``store`` finds and reads the files, ``hotkeys`` turns
key names into key codes. Import the module that you need.
"""
