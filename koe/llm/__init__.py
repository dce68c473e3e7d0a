"""Correction of a text by a language model: what is sent, and how it gets there.

Pure: ``correction`` makes the question and reads the answer, in one of three protocols
(``protocols``), each a module with its configured name.

Over sockets: ``shared`` holds the one client that all sessions share, ``client`` asks (deadline,
redirects, warm-up), ``connections`` notices those that died, ``pool`` alone knows the HTTP
library, and ``endpoint`` decides which addresses may be asked. Import the module that you need.
"""
