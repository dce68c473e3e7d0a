"""A folder that a shell takes along: the library, and a Python of its own (``koe bundle``).

    <folder>/include, lib, bin what ``make install`` gives
    <folder>/koe-runtime/      manifest.txt, Python's library, its modules as bytecode, the packages
                               of a lock, and the shared libraries that they need

The folder may be moved, and nothing in it is written when it is used. The parts of making one:

    assembly    the steps, in their order
    library     the library itself, compiled from the checkout
    target      the systems that there are bundles for, and what differs between them
    linux       bundles for Linux, of this computer's Python
    windows     bundles for Windows, of a Python from a package
    macos       bundles for macOS, of a Python from two packages
    release     the modules of the Python in such a package
    bytecode    modules as bytecode without their sources
    standard    what of Python's own library comes along
    packages    what of the packages comes along, and from which lock
    elf         machine code for Linux: what it needs, where that lies, and what can be cut off
    pe          machine code for Windows: what it needs, and where that has to lie
    macho       machine code for macOS: what it needs, where that lies, and for which processor
    signature   the signatures of machine code for macOS
    traces      paths of this computer
    manifest    the list of what is in it, which the library reads when it starts
    trial       a program that uses it
"""
