"""A wheel, tried on a computer that has it, a Python and a C compiler."""
