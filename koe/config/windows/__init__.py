"""What settings windows ask and change, a key, a profile or all templates at a time.

Settings are loaded without any of this; nothing in `koe.config` imports it.
"""
