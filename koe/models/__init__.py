"""Models on this machine: listing, checking, downloading and removing them.

manifest      what a model should be        catalogue     which models there are
paths         which paths are safe          verification  how much of a model is there
storage       files without surprises       removal       removing one
checksums     what was computed before      hub           describing one that is published
lock          one at a time                 download      HTTP
part          an unfinished file            transfer      one file
registry      downloads in the background   pull          one model
"""
