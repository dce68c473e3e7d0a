"""Correction of a text by a language model: what is sent, and how it gets there.

Pure: ``correction`` makes the question and reads the answer, in one of three protocols
(``protocols``), each a module with its configured name.

Over sockets: ``asking`` sends questions through the HTTP door (`koe.http`), and ``service`` puts it
all together, with the one client that all sessions share. Import the module that you need.
"""
