"""The journal: what was said and what happened to it, in a file, while a session runs."""
