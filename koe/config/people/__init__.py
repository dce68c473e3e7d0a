"""What people ask about their settings: which are in force, what is wrong, and which there are.

Settings are loaded without any of this; nothing in `koe.config` imports it.
"""
