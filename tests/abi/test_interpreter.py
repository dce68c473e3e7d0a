"""Whose Python it is, what it imports, and what happens when there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from build_ffi import python_library, to_linker
from koe.bundle import manifest
from tests.abi import build
from tests.openssl_module import plant_module

pytestmark = pytest.mark.abi
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no forks")

PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"


def run_with(
    library: Path, program: Path, tmp_path: Path, *arguments: str | Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    name = "DYLD_LIBRARY_PATH" if sys.platform == "darwin" else "LD_LIBRARY_PATH"
    command: list[str | Path] = [program, *arguments]
    return build.run(command, tmp_path / "home", **{name: str(library.parent)}, **environment)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Compiles a program once, without a search path in it, so that a copy is what it finds."""
    folder = tmp_path_factory.mktemp("programs")

    @cache
    def compiled(source: str) -> Path:
        target = folder / Path(source).stem
        link = [f"-L{build.library(3)}", "-lkoe_core", "-lpthread", "-o", str(target)]
        include = f"-I{build.library(3).parent / 'include'}"
        sources = build.sources_of(build.SOURCES / source)
        subprocess.run([*build.FLAGS, include, *sources, *link], check=True)
        return target

    return compiled


def plant(folder: Path, marker: Path) -> None:
    """Put modules into a folder that leave a mark when they are imported."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("koe", "httpx", "yaml", "asyncio", "moonshine_voice", "sitecustomize",
                 "usercustomize", "encodings", "requests"):  # fmt: skip
        (folder / f"{name}.py").write_text(f"open({str(marker)!r}, 'a').write({name!r})\n")


def test_nothing_is_imported_from_elsewhere(
    compiled: Callable[[str], Path], speech: Path, tmp_path: Path
) -> None:
    """Not from PYTHONPATH, PYTHONHOME, user site, or the working directory."""
    home, marker = tmp_path / "home", tmp_path / "imported"
    plant(tmp_path / "path", marker)
    plant(home, marker)  # the working directory
    plant(home / ".local" / "lib" / PYTHON / "site-packages", marker)
    plant(tmp_path / "elsewhere" / "lib" / PYTHON, marker)
    result = run_with(
        build.library_file(3),
        compiled("scenarios"),
        tmp_path,
        "speech",
        speech,
        PYTHONPATH=str(tmp_path / "path"),
        PYTHONHOME=str(tmp_path / "elsewhere"),
        PYTHONUSERBASE=str(home / ".local"),
        PYTHONSTARTUP=str(tmp_path / "path" / "koe.py"),
        PYTHONPLATLIBDIR="elsewhere",
        PYTHONDEVMODE="1",
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert not marker.exists(), marker.read_text()


def test_the_plants_do_grow(tmp_path: Path) -> None:
    """An interpreter that is not isolated does import them: the test above can fail."""
    marker = tmp_path / "imported"
    plant(tmp_path / "path", marker)
    (tmp_path / "path" / "encodings.py").unlink()
    command = [sys.executable, "-c", "import koe"]
    subprocess.run(command, env={"PYTHONPATH": str(tmp_path / "path")}, cwd=tmp_path, check=True)
    assert "koe" in marker.read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="compiles a module of Linux")
def test_no_code_is_loaded_by_a_configuration_of_openssl(
    compiled: Callable[[str], Path], tmp_path: Path
) -> None:
    """As tests/test_openssl.py shows it would be without koe."""
    marker, environment = plant_module(tmp_path)
    program = compiled("scenarios")
    result = run_with(build.library_file(3), program, tmp_path, "silence", **environment)
    assert result.returncode == 0, result.stdout + result.stderr
    assert not marker.exists()


@pytest.fixture
def copy_of_library(tmp_path: Path) -> Path:
    """The library in a folder of its own, where a Python may be put beside it."""
    folder = tmp_path / "lib"
    folder.mkdir()
    return build.copy_library(3, folder)


FAILURES = """\
create -1
create -1
begin -1
push -1
end -1
cancel -1
accept -1
reload -1
restore 1500
get []
get_json []
set -1
trigger_key [fn]
profiles [{"active_profile":"openai","error":"koe could not start","profiles":{}}]
save_profiles -1
templates [[]]
set_templates -1
local_providers [[]]
llm_providers [[]]
rewrite -1
test [{"elapsed_ms":0,"message":"koe could not start","success":false}]
test_profile [{"elapsed_ms":0,"message":"koe could not start","success":false}]
models [{"message":"koe could not start","models":[],"success":false}]
models_of_profile [{"message":"koe could not start","models":[],"success":false}]
scan [[]]
status 0
download -2
cancel_download 0
remove -1
level 3
history NULL
entry NULL
retry -1
recorrect -1
export -1
remove_entry -1
"""


def failures(line: str) -> str:
    """What the driver prints, where this line on stderr is the reason."""
    registered = -1 if "forked" in line else 0
    return f"{FAILURES}register {registered}\nlast_error [{line.strip().removeprefix('koe: ')}]\n"


def test_no_python(copy_of_library: Path, compiled: Callable[[str], Path], tmp_path: Path) -> None:
    """A bundle without a Python in it: one line, and nothing looks like success."""
    (copy_of_library.parent / "koe-runtime").mkdir()
    program = compiled("failing.c")
    result = run_with(copy_of_library, program, tmp_path)
    [line] = result.stderr.splitlines()
    assert line.endswith(
        "koe-runtime is not whole: manifest.txt can't be read; copy the whole bundle again"
    )
    assert result.stdout == failures(line)


@posix_only
def test_a_fork_of_a_process_that_uses_the_library(
    compiled: Callable[[str], Path], tmp_path: Path
) -> None:
    """Its threads are missing, and locks may be held by them: nothing hangs, nothing works."""
    result = run_with(build.library_file(3), compiled("failing.c"), tmp_path, "fork")
    assert result.returncode == 0, result.stdout + result.stderr
    [line] = result.stderr.splitlines()
    assert result.stdout == failures(line)
    assert line == (
        "koe: a process that has used koe was forked; the fork cannot use koe: start a new "
        "process instead"
    )


@posix_only
def test_a_fork_of_a_process_that_has_not_used_it(
    compiled: Callable[[str], Path], tmp_path: Path
) -> None:
    result = run_with(build.library_file(3), compiled("failing.c"), tmp_path, "fresh")
    assert (result.returncode, result.stdout) == (0, "create 0\n"), result.stderr


def bundle(library: Path, runtime: str = "koe-runtime") -> Path:
    """Put a Python where the library looks, whole but for packages; returns its site-packages."""
    home = library.parent / runtime / "lib" / PYTHON
    home.mkdir(parents=True)
    (home.parent / python_library().name).symlink_to(python_library())
    paths = sysconfig.get_paths()
    for entry in Path(paths["stdlib"]).iterdir():
        if entry.name not in {"site-packages", "test"}:
            (home / entry.name).symlink_to(entry)
    (home / "site-packages").mkdir()
    seal(library, runtime)
    return home / "site-packages"


def seal(library: Path, runtime: str = "koe-runtime") -> None:
    """List what is in there now, but not what is behind links to folders."""
    manifest.write(library.parent / runtime)


def test_bundle_without_cffi(
    copy_of_library: Path, compiled: Callable[[str], Path], tmp_path: Path
) -> None:
    bundle(copy_of_library)
    program = compiled("failing.c")
    result = run_with(copy_of_library, program, tmp_path)
    assert result.stderr == "koe: the package cffi cannot be imported; install koe again\n"
    assert result.stdout == failures(result.stderr)


def test_bundle_without_koe(
    copy_of_library: Path, compiled: Callable[[str], Path], tmp_path: Path
) -> None:
    packages = bundle(copy_of_library)
    for entry in Path(sysconfig.get_paths()["platlib"]).glob("_cffi_backend*"):
        (packages / entry.name).symlink_to(entry)
    program = compiled("failing.c")
    result = run_with(copy_of_library, program, tmp_path)
    assert result.stderr == (
        "koe: Python started, but koe did not: ModuleNotFoundError: No module named 'koe'; "
        "install koe again\n"
    )
    assert result.stdout == failures(result.stderr)


def fill(packages: Path, *without: str) -> None:
    """Put everything into a folder that koe needs, and koe."""
    for entry in Path(sysconfig.get_paths()["platlib"]).iterdir():
        if entry.name not in without:
            (packages / entry.name).symlink_to(entry)
    (packages / "koe").symlink_to(build.PROJECT / "koe")


@pytest.mark.parametrize("runtime", ["koe-runtime", "../koe-runtime", "../Resources/koe-runtime"])
def test_bundle(
    copy_of_library: Path, runtime: str, compiled: Callable[[str], Path], tmp_path: Path
) -> None:
    """A Python that lies where the library looks is used, with the packages in it."""
    fill(bundle(copy_of_library, runtime))
    program = compiled("scenarios")
    result = run_with(copy_of_library, program, tmp_path, "silence")
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("runtime", ["../koe-runtime", "../Resources/koe-runtime"])
def test_the_first_bundle_is_the_one(
    copy_of_library: Path, runtime: str, compiled: Callable[[str], Path], tmp_path: Path
) -> None:
    """Also if there is something wrong with it: another one is of another installation."""
    fill(bundle(copy_of_library, runtime))
    (copy_of_library.parent / "koe-runtime").mkdir()
    program = compiled("failing.c")
    result = run_with(copy_of_library, program, tmp_path)
    folder = copy_of_library.parent / "koe-runtime"
    sentence = f"{folder} is not whole: manifest.txt can't be read; copy the whole bundle again"
    assert result.stderr == f"koe: {sentence}\n"


@posix_only
@pytest.mark.parametrize("part", ["", f"lib/{PYTHON}", f"lib/{PYTHON}/site-packages"])
def test_a_bundle_that_all_may_write_to(
    copy_of_library: Path, part: str, compiled: Callable[[str], Path], tmp_path: Path
) -> None:
    fill(bundle(copy_of_library))
    folder = copy_of_library.parent / "koe-runtime" / part
    folder.chmod(0o777)
    program = compiled("failing.c")
    result = run_with(copy_of_library, program, tmp_path)
    remedy = "every user may write to it; take that right away (chmod -R o-w)"
    assert result.stderr == f"koe: {str(folder).rstrip('/')} is not used: {remedy}\n"
    assert result.stdout == failures(result.stderr)


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0, reason="only root can give a folder away"
)
def test_a_bundle_of_another_user(
    copy_of_library: Path, compiled: Callable[[str], Path], tmp_path: Path
) -> None:
    fill(bundle(copy_of_library))
    folder = copy_of_library.parent / "koe-runtime"
    os.chown(folder, 12345, -1)
    program = compiled("failing.c")
    result = run_with(copy_of_library, program, tmp_path)
    remedy = "it belongs to another user; install koe again as the present user"
    assert result.stderr == f"koe: {folder} is not used: {remedy}\n"
    assert result.stdout == failures(result.stderr)


def environment(tmp_path: Path) -> Path:
    """A virtual environment with the library in one of its packages; returns the library."""
    packages = tmp_path / "environment" / "lib" / PYTHON / "site-packages"
    folder = packages / "koe_core" / "lib"
    folder.mkdir(parents=True)
    return build.copy_library(3, folder)


@posix_only
def test_the_environment_of_a_wheel(compiled: Callable[[str], Path], tmp_path: Path) -> None:
    """The packages are its own, and the Python the one that it was made of."""
    library = environment(tmp_path)
    config = tmp_path / "environment" / "pyvenv.cfg"
    config.write_text(f"include-system-site-packages = false\nhome = {sys.base_prefix}/bin\n")
    program = compiled("failing.c")
    result = run_with(library, program, tmp_path)
    assert result.stderr == "koe: the package cffi cannot be imported; install koe again\n"
    fill(tmp_path / "environment" / "lib" / PYTHON / "site-packages")
    program = compiled("scenarios")
    result = run_with(library, program, tmp_path, "silence")
    assert result.returncode == 0, result.stdout + result.stderr


@posix_only
def test_an_environment_whose_python_is_behind_a_link(
    compiled: Callable[[str], Path], tmp_path: Path
) -> None:
    """As Homebrew's and uv's: what is beside the link is no Python."""
    library = environment(tmp_path)
    links = tmp_path / "links" / "bin"
    links.mkdir(parents=True)
    (links / PYTHON).symlink_to(Path(sys.base_prefix, "bin", PYTHON))
    (tmp_path / "environment" / "pyvenv.cfg").write_text(f"home = {links}\n")
    fill(tmp_path / "environment" / "lib" / PYTHON / "site-packages")
    program = compiled("start.c")
    result = run_with(library, program, tmp_path)
    assert (result.stdout, result.stderr) == ("create 0\n", "")


@pytest.mark.skipif(sys.platform != "linux", reason="the search path is its loader's")
@pytest.mark.parametrize("folder", ["site-packages", "dist-packages"])
def test_packages_apart_from_their_python(
    folder: str, compiled: Callable[[str], Path], tmp_path: Path
) -> None:
    """Of a user, or Debian's from pip: the loader's Python of this version is theirs."""
    packages = tmp_path / "apart" / "lib" / PYTHON / folder
    (packages / "koe" / "prefix" / "lib").mkdir(parents=True)
    library = build.copy_library(3, packages / "koe" / "prefix" / "lib")
    program = compiled("start.c")
    for entry in Path(sysconfig.get_paths()["platlib"]).iterdir():
        if "cffi" not in entry.name:  # which is one of that Python's own packages
            (packages / entry.name).symlink_to(entry)
    for entry in (build.PROJECT / "koe").iterdir():
        (packages / "koe" / entry.name).symlink_to(entry)
    python = relocated_python(tmp_path / "python")
    search = os.pathsep.join([str(library.parent), str(python / "lib")])
    result = build.run([program], tmp_path / "home", LD_LIBRARY_PATH=search)
    assert (result.stdout, result.stderr) == ("create 0\n", "")
    (python / "lib" / PYTHON / "os.py").unlink()
    result = build.run([program], tmp_path / "home", LD_LIBRARY_PATH=search)
    sentence = f"the Python to which the packages in {packages} belong is unknown"
    assert result.stderr == f"koe: {sentence}; install koe into a virtual environment\n"


def relocated_python(folder: Path) -> Path:
    """A Python whose library says that it lies here, with cffi among its own packages."""
    home = folder / "lib" / PYTHON
    (home / "site-packages").mkdir(parents=True)
    shutil.copy(python_library(), home.parent)
    paths = sysconfig.get_paths()
    for entry in Path(paths["stdlib"]).iterdir():
        if entry.name != "site-packages":
            (home / entry.name).symlink_to(entry)
    for entry in Path(paths["platlib"]).glob("*cffi*"):
        (home / "site-packages" / entry.name).symlink_to(entry)
    return folder


@posix_only
def test_an_environment_whose_python_is_gone(
    compiled: Callable[[str], Path], tmp_path: Path
) -> None:
    library = environment(tmp_path)
    (tmp_path / "environment" / "pyvenv.cfg").write_text(f"home = {tmp_path}/gone/bin\n")
    program = compiled("failing.c")
    result = run_with(library, program, tmp_path)
    missing = tmp_path / "gone" / "lib" / PYTHON
    assert result.stderr == (
        f"koe: Python's standard library is missing: there is no folder {missing}; "
        "install koe again\n"
    )


@pytest.fixture(scope="module")
def loading(tmp_path_factory: pytest.TempPathFactory) -> Path:
    program = tmp_path_factory.mktemp("driver") / "loading"
    source = str(build.SOURCES / "loading.c")
    flags = [flag for flag in build.FLAGS if flag != "-Wpedantic"]  # dlsym gives functions
    subprocess.run([*flags, source, "-ldl", "-o", str(program)], check=True)
    return program


@pytest.mark.skipif(bool(build.SANITIZE), reason="a sanitizer must be loaded first")
def test_a_host_that_loads_the_library_privately(loading: Path, tmp_path: Path) -> None:
    """Extension modules find libpython all the same; and unloading it, it can load it again."""
    path = build.library_file(3)
    result = build.run([loading, path], tmp_path / "home")
    assert result.stdout == "create 0\nreload 0\ncreate again 0\n", result.stderr


@pytest.mark.skipif(bool(build.SANITIZE), reason="a sanitizer must be loaded first")
def test_a_bundle_is_sought_where_the_library_was_loaded(loading: Path, tmp_path: Path) -> None:
    """Not where a relative path leads to after a change of the working directory."""
    path = build.library_file(3)
    home = tmp_path / "home"
    (home / "here").mkdir(parents=True)
    shutil.copy(path, home / "here")
    (home / "elsewhere" / "here" / "koe-runtime").mkdir(parents=True)
    result = build.run([loading, f"here/{path.name}", "elsewhere"], home)
    assert result.stdout == "create 0\nreload 0\n", result.stderr


@pytest.fixture(scope="module")
def leaving(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("driver") / "leaving"
    return build.compile_program(3, build.SOURCES / "leaving.c", target)


@pytest.mark.parametrize("how", ["main", "loading", "callback", "destroyed", "fork"])
def test_a_host_may_end_without_destroying(
    leaving: Path, speech: Path, how: str, tmp_path: Path
) -> None:
    """The engine stops before what it computes with is torn down: else it crashes or complains."""
    result = build.run([leaving, how, speech], tmp_path / "home")
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert result.stdout == "left\n" * (2 if how == "fork" else 1)


def compile_with_python(source: str, tmp_path: Path) -> Path:
    """Compile a program that calls Python itself."""
    include = sysconfig.get_paths()["include"]
    folder = sysconfig.get_config_var("LIBDIR")
    version = sysconfig.get_config_var("LDVERSION")
    return build.compile_program(
        3,
        build.SOURCES / source,
        tmp_path / "program",
        *["-Wno-pedantic", f"-isystem{include}"],
        *[f"-L{folder}", f"-lpython{version}", *to_linker("-rpath", folder)],
    )


def test_pushing_never_waits_for_the_gil(tmp_path: Path) -> None:
    result = build.run([compile_with_python("held_gil.c", tmp_path)], tmp_path / "home")
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("ok ") == 3


def test_garbage_is_collected_but_not_in_what_was_imported(tmp_path: Path) -> None:
    result = build.run([compile_with_python("collecting.c", tmp_path)], tmp_path / "home")
    assert result.stdout == "True True\n", result.stderr
