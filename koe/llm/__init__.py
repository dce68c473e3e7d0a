"""Correction by a language model: what is sent, and how it gets there.

- ``koe.llm.shared`` is where to begin: the one client that all sessions share;
- ``koe.llm.client`` asks: deadline, redirects, warm-up, connections that died;
- ``koe.llm.pool`` keeps the connections, and alone knows the HTTP library;
- ``koe.llm.endpoint`` decides which addresses may be asked.
"""
