"""How many answers are judged wrongly."""
