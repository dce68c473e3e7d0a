"""A folder that a shell takes along: the library, and a Python of its own (``koe bundle``).

    <folder>/include, lib      what ``make install`` gives
    <folder>/koe-runtime/      manifest.txt, and below lib/: libpython, the standard library as
                               bytecode, the packages of a lock, and shared libraries of this system

The folder may be moved, and nothing in it is written when it is used. The parts of making one:

    assembly    the steps, in their order
    library     the library itself, compiled from the checkout
    bytecode    modules as bytecode without their sources
    standard    what of Python's own library comes along
    packages    what of the packages comes along, and from which lock
    elf         machine code: what it needs, where that lies, and what can be cut off
    traces      paths of this computer
    manifest    the list of what is in it, which the library reads when it starts
    trial       a program that uses it
"""
