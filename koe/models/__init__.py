"""Models on this machine: finding, verifying, downloading and removing them.

manifest      what a model should be        catalogue     which models exist
paths         which paths are safe          verification  how complete a model is
storage       safe access to files          removal       removing a model
checksums     checksums computed before     hub           the files of a published model
lock          one change at a time          download      HTTP
part          an unfinished file            transfer      downloading a file
registry      downloads in the background   pull          downloading a model
"""
