"""Reads and changes settings for settings windows: single keys, profiles, templates.

Settings are loaded without any of this; nothing in `koe.config` imports it.
"""
