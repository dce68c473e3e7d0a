"""A configuration of OpenSSL that loads a module which leaves a mark; for Linux."""

from __future__ import annotations

import subprocess
from pathlib import Path

CONFIGURATION = """\
openssl_conf = start
[start]
providers = all
[all]
planted = planted
[planted]
module = {module}
activate = 1
"""

MODULE = """\
#include <fcntl.h>
#include <unistd.h>
__attribute__((constructor)) static void leave_mark(void) {
    close(open(MARKER, O_CREAT | O_WRONLY, 0600));
}
"""


def plant_module(folder: Path) -> tuple[Path, dict[str, str]]:
    """Make a module that leaves a mark when it is loaded.

    Returns:
        The mark, and an environment that names the module.
    """
    marker, module = folder / "loaded", folder / "planted.so"
    (folder / "planted.c").write_text(MODULE)
    command = ["cc", "-shared", "-fPIC", f'-DMARKER="{marker}"', str(folder / "planted.c")]
    subprocess.run([*command, "-o", str(module)], check=True)
    (folder / "openssl.cnf").write_text(CONFIGURATION.format(module=module))
    return marker, {"OPENSSL_CONF": str(folder / "openssl.cnf")}
