"""Find the text in the answer of a model, and judge whether it is an edit of the transcript.

    text = clean(answer, heard)          remove wrappings around the text (koe.answers.clean)
    text, flaw = find_edit(text, heard)  no flaw if the text is an edit (koe.answers.guard)

The guard compares words. `numbers` writes spoken numbers (`numerals`) as digits, and `words` splits
both texts. `alignment` finds the words that were kept, including words that sound alike (`sounds`,
which uses the spellings of `readings` and `loanwords`). `excuses` finds missing words that are no
loss: fillers, repetitions, and what the speaker corrected (`restarts`). Their lists come from
`lexicon` and `speech`. `differences` sums the weights of the other words, `meaning` looks for small
changes that alter the meaning, and `guard` decides. `repairs` tries other word orders, where the
speaker corrected something later. `clean` and `guard` import large libraries, so they are imported
only when the first answer arrives.

`koe.finishing`, which works without a model, also uses `sounds`, `readings`, `words`, `numerals`
and `lexicon`.
"""
