"""Measure how many answers of models are judged wrongly."""
