"""The library of a bundle, compiled from the checkout, and installed as for any shell."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import koe
from koe.errors import BundleError

if TYPE_CHECKING:
    from build_ffi import Target

# The checkout, if koe is in one.
CHECKOUT = Path(koe.__file__).parent.parent

# The folder of a bundle that contains Python and the packages.
RUNTIME = "koe-runtime"


def ffi() -> ModuleType:
    """The module that compiles the library.

    Raises:
        BundleError: koe is not in a checkout, so its sources are missing.
    """
    if not (CHECKOUT / "build_ffi.py").is_file():
        raise BundleError(
            "koe bundle compiles the library, so it needs a checkout of koe-core; run make lib in "
            "the checkout, and then .venv/bin/koe bundle"
        )
    if str(CHECKOUT) not in sys.path:
        sys.path.insert(0, str(CHECKOUT))
    import build_ffi

    return build_ffi


def build(generation: str, folder: Path, root: Path, target: Target) -> None:
    """Compile the library, and install it.

    Args:
        generation: a, b or c.
        folder: The folder for intermediate files.
        root: The folder for ``include`` and ``lib``.
        target: The system that it is for.

    Raises:
        BundleError: koe is not in a checkout.
        SystemExit: There is no compiler, or it failed.
    """
    build_ffi = ffi()
    import install_ffi

    [abi] = [number for number, name in build_ffi.GENERATIONS.items() if name == generation]
    binding = folder / "_koe_native.c"
    with redirect_stdout(sys.stderr):
        build_ffi.emit_binding(binding)
    build_ffi.emit_python_api(folder / "python_api.h")
    build_ffi.build(abi, folder, binding, [], target, bundled=True)
    install_ffi.install(abi, folder, root, target.system)
