"""How well a model corrects dictation by koe's prompts."""
