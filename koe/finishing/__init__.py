"""What becomes of a recognised text where no model is asked: terms of the dictionary, and rules.

    text = Finisher(terms, rules).finish(heard)

`finisher` puts it together. `terms` writes what sounds like a term as the term, by the index of
`term_index`; `ordinary` knows which words a text may simply mean. Each rule of the setting
``text.cleanup`` has a module: `spacing`, `punctuation`, `fillers`, `figures` (numbers),
`spoken_signs` and `width`. None of them sees what `protected` sets aside: addresses, code, and
numbers in a form of their own.
"""
