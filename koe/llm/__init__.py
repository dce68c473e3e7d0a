"""Correction of a text by a language model.

``correction`` makes the question and reads the answer, in one of three protocols, each a module
with its configured name. Those are pure. Import the module that you need.
"""
