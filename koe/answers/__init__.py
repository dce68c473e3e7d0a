"""What a model answered: which part is the text, and whether that is an edit of what was heard.

    text = clean(answer, heard)          what is around the text is taken off (koe.answers.clean)
    flaw = find_flaw(text, heard)        None when it can be read as an edit (koe.answers.guard)

The guard compares words. `words` splits both texts after `numbers` wrote spoken numbers as digits.
`alignment` finds what was kept, by `sounds` too, which `readings` and `loanwords` spell. `excuses`
knows what was no loss, from the lists of `lexicon` and `speech`. `differences` weighs the rest,
`meaning` looks for small words that turn the sense round, and `guard` decides. `repairs` puts a
correction where the answer has it. `clean` and `guard` bring libraries, so they are imported when
the first answer is read.

`koe.finishing`, which works without a model, shares `sounds`, `readings`, `words`,
`numbers` and `lexicon`.
"""
