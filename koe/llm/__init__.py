"""Correction of a text by a language model: requests, and how they are sent.

Pure: ``correction`` makes the question and judges the answer; ``protocols`` writes and reads them
in one of three protocols, each a module with its configured name. ``exchange`` has the common parts
of the protocols, and ``refusals`` reads refusals of services.

Over sockets: ``asking`` has the text of a session corrected, through `koe.http`. ``service`` has
the one client that all sessions share, and asks the questions outside of sessions. Import the
module that you need.
"""
