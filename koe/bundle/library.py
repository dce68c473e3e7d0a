"""The library of a bundle, compiled from the checkout, and installed as for any shell."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path

import koe
from koe.errors import BundleError

# The checkout, if koe is in one.
CHECKOUT = Path(koe.__file__).parent.parent


def build(generation: str, folder: Path, root: Path) -> Path:
    """Compile the library, and install it; returns the Python library that it will load.

    Args:
        generation: a, b or c.
        folder: For what is in between.
        root: Where ``include`` and ``lib`` are to be.

    Raises:
        BundleError: koe is not in a checkout, so its sources are missing.
        SystemExit: There is no compiler or no shared Python library, or the compiler failed.
    """
    if not (CHECKOUT / "build_ffi.py").is_file():
        raise BundleError(
            "koe bundle compiles the library, so it needs a checkout of koe-core: "
            "make the environment with make lib, and use the koe in it"
        )
    sys.path.insert(0, str(CHECKOUT))
    import build_ffi
    import install_ffi

    [abi] = [number for number, name in build_ffi.GENERATIONS.items() if name == generation]
    binding = folder / "_koe_native.c"
    with redirect_stdout(sys.stderr):
        build_ffi.emit_binding(binding)
    build_ffi.emit_python_api(folder / "python_api.h")
    build_ffi.build(abi, folder, binding, [], bundled=True)
    install_ffi.install(abi, folder, root)
    return build_ffi.python_library()
