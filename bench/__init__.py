"""What the core costs: time, memory and mistakes, measured through the C ABI.

    python -m bench                        all parts, about four minutes
    python -m bench push create            some of push, create, settings, memory, latency,
                                           accuracy

Run it in the checkout, after ``make lib``, with nothing else running. The report goes to standard
output and to bench/out/core.md, the raw figures to bench/out/core.json. It asserts nothing: where
there is an aim, it stands next to the figure.
"""
