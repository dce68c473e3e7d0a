"""Files, for everything above: locks, links, and how something is opened."""
