"""The journal: the audio and the events of each session, written to a file while it runs."""
