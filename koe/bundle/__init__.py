"""A folder to ship with a shell: the library, and a Python of its own (``koe bundle``).

    <folder>/include, lib, bin the files that ``make install`` installs
    <folder>/koe-runtime/      manifest.txt, Python's library, its modules as bytecode, the packages
                               of a lock, and the shared libraries that they need

The folder may be moved, and using it writes nothing to it. The modules that make one:

    assembly    the steps, in their order
    library     the library itself, compiled from the checkout
    target      the supported systems, and the differences between them
    linux       bundles for Linux, with this computer's Python
    windows     bundles for Windows, with a Python from a package
    macos       bundles for macOS, with a Python from two packages
    release     the modules of the Python in such a package
    bytecode    modules as bytecode without their sources
    standard    the part of Python's standard library that is included
    packages    the part of the packages that is included, and their locks
    elf         machine code for Linux: required libraries, their places, and removal of symbols
    pe          machine code for Windows: required libraries, and their places
    macho       machine code for macOS: required libraries, their places, and processors
    signature   the signatures of machine code for macOS
    traces      paths of this computer
    manifest    the list of the files in a bundle, which the library reads when it starts
    trial       a program that uses a bundle
"""
