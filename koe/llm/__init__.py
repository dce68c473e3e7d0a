"""Correction of a text by a language model: what is sent, and how it gets there.

Pure: ``correction`` makes the question and says what becomes of the answer; both are in one of
three protocols (``protocols``), each a module with its configured name. ``exchange`` has what the
protocols have in common, and ``refusals`` reads what a service refuses.

Over sockets: ``asking`` has the text of a session corrected, through the HTTP door (`koe.http`).
``service`` has the one client that all sessions share, and asks what no session does. Import the
module that you need.
"""
