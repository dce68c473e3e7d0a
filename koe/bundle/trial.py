"""The test of a bundle after it was made: all modules are imported, and a shell starts it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

from koe.errors import BundleError

SHELL = """\
#include <stddef.h>
#include "koe_core.h"

int main(void) {
    int created = sp_core_create(NULL);
    sp_core_destroy();
    return created != 0;
}
"""

# Imports the modules of koe and of engines, only from the bundle's folders. The native module is in
# the library, so modules that need it are tested by the shell.
_IMPORTS = """\
import sys
sys.path[:] = sys.argv[1:4]
import importlib, pathlib
packages = pathlib.Path(sys.argv[3])
for path in sorted((packages / "koe").rglob("*.pyc")):
    name = ".".join(path.relative_to(packages).with_suffix("").parts).removesuffix(".__init__")
    if not name.startswith("koe.boundary"):
        importlib.import_module(name)
for name in sys.argv[4:]:
    importlib.import_module(name)
"""

# The modules of engines, which are imported only when they are used.
ENGINE_MODULES = {"moonshine": ("moonshine_voice.transcriber",), "sherpa-onnx": ("sherpa_onnx",)}


def import_everything(runtime: Path, engines: tuple[str, ...]) -> None:
    """Import all modules of a bundle.

    Raises:
        BundleError: Something is missing in the bundle.
    """
    [library] = [path for path in (runtime / "lib").glob("python3*") if path.is_dir()]
    folders = [library, library / "lib-dynload", library / "site-packages"]
    modules = [module for engine in engines for module in ENGINE_MODULES[engine]]
    command = [sys.executable, "-I", "-S", "-B", "-c", _IMPORTS, *map(str, folders), *modules]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()[-1]
        raise BundleError(f"the bundle is incomplete: {reason}")


def start_shell(root: Path, folder: Path) -> None:
    """Compile a shell against a bundle, and let it start and stop the core.

    Args:
        root: The bundle.
        folder: The folder for the program and its settings.

    Raises:
        BundleError: The shell can't be compiled, or does not start.
    """
    source, program = folder / "shell.c", folder / "shell"
    source.write_text(SHELL, encoding="utf-8")
    compiler = shlex.split(os.environ.get("CC", "cc"))
    linked = [f"-I{root / 'include'}", str(source), f"-L{root / 'lib'}", "-lkoe_core"]
    rpath = ["-Xlinker", "-rpath", "-Xlinker", str(root / "lib")]
    done = subprocess.run(
        [*compiler, *linked, *rpath, "-o", str(program)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        environment = {"HOME": str(folder), "APPDATA": str(folder)}
        done = subprocess.run(
            [str(program)], env=environment, capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        raise BundleError(f"a shell can't start the bundle's library: {done.stderr.strip()}")
