"""Answers for people about their settings: the values in force, problems, and all settings.

Settings are loaded without any of this; nothing in `koe.config` imports it.
"""
