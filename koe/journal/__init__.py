"""The journal: a file for each session, with its audio and its events, written while it runs."""
