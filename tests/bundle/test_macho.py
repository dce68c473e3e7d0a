"""Machine code for macOS is read as its format says; tests/macos has what linkers make."""

from __future__ import annotations

from pathlib import Path

import pytest

from koe.bundle import macho
from koe.errors import BundleError
from tests.bundle.mach import machine_code, universal, write

BUILDER = "/Users/builder/work/lib"


def test_what_it_says(tmp_path: Path) -> None:
    code = machine_code("@rpath/libit.dylib", ["@rpath/a.dylib"], ["@loader_path"], oldest=(13, 4))
    image = macho.MachO(write(tmp_path / "libit.dylib", code))
    assert image.own_name == "@rpath/libit.dylib"
    assert image.needed == ["@rpath/a.dylib"]
    assert image.run_paths == ["@loader_path"]
    assert image.oldest_system == (13, 4)
    assert image.processor == macho.PROCESSORS["arm64"]
    module = macho.MachO(write(tmp_path / "module.so", machine_code()))
    assert module.own_name is None
    assert module.needed == []


def test_folders_that_it_was_made_in_go(tmp_path: Path) -> None:
    """The file stays as long as it is, and signed."""
    code = machine_code(
        f"{BUILDER}/old.dylib", ["@rpath/a.dylib"], [BUILDER, "@loader_path/../libs", "/opt/lib"]
    )
    path = write(tmp_path / "libit.dylib", code)
    macho.MachO(path).relocate()
    image = macho.MachO(path)
    assert image.own_name == "@rpath/libit.dylib"
    assert image.needed == ["@rpath/a.dylib"]
    assert image.run_paths == ["@loader_path/../libs"]
    assert BUILDER.encode() not in path.read_bytes()
    assert path.stat().st_size == len(code)
    assert image.is_sound()
    before = path.stat().st_mtime_ns
    image.relocate()
    assert path.stat().st_mtime_ns == before


def test_a_name_without_room(tmp_path: Path) -> None:
    path = write(tmp_path / "libwithaverylongname.dylib", machine_code("/short"))
    with pytest.raises(BundleError, match=r"libwithaverylongname\.dylib has no room for the name "):
        macho.MachO(path).relocate()


def test_what_macos_would_not_load(tmp_path: Path) -> None:
    code = bytearray(machine_code())
    code[5000] ^= 1
    assert not macho.MachO(write(tmp_path / "changed.so", bytes(code))).is_sound()
    unsigned = machine_code(is_signed=False)
    assert not macho.MachO(write(tmp_path / "unsigned.so", unsigned)).is_sound()
    intel = machine_code(processor="x86_64", is_signed=False)
    assert macho.MachO(write(tmp_path / "intel.so", intel)).is_sound()


@pytest.mark.parametrize("processor", macho.PROCESSORS)
def test_the_part_for_one_processor(processor: str, tmp_path: Path) -> None:
    parts = {name: machine_code(f"@rpath/{name}", processor=name) for name in macho.PROCESSORS}
    path = write(tmp_path / "both.dylib", universal(*parts.items()))
    macho.thin(path, processor)
    assert path.read_bytes() == parts[processor]
    macho.thin(path, processor)
    assert path.read_bytes() == parts[processor]


def test_no_part_for_a_processor(tmp_path: Path) -> None:
    intel = machine_code(processor="x86_64")
    for code in (universal(("x86_64", intel)), intel, b"\x7fELF" + bytes(60)):
        path = write(tmp_path / "it.so", code)
        with pytest.raises(BundleError, match=r"it\.so has no machine code for arm64"):
            macho.thin(path, "arm64")


def test_what_is_needed_is_where_macos_looks_for_it(tmp_path: Path) -> None:
    found = ["@loader_path/near.dylib", "@rpath/far.dylib"]
    lacking = ["@rpath/gone.dylib", "/opt/foreign.dylib"]
    code = machine_code(None, [*found, *lacking], ["@loader_path/../libs"])
    module = write(tmp_path / "package" / "module.so", code)
    write(tmp_path / "package" / "near.dylib", machine_code("@rpath/near.dylib"))
    # A linker may write a library's own name first among those that it needs.
    write(tmp_path / "libs" / "far.dylib", machine_code("@rpath/far.dylib", ["@rpath/far.dylib"]))
    assert macho.missing(tmp_path) == [(module, name) for name in lacking]


@pytest.mark.parametrize("content", [b"", b"\x7fELF", universal()])
def test_something_else(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"other\.so is not machine code for macOS"):
        macho.MachO(write(tmp_path / "other.so", content))


def test_links_and_folders_are_no_libraries(tmp_path: Path) -> None:
    library = write(tmp_path / "lib.1.dylib", machine_code())
    (tmp_path / "lib.dylib").symlink_to(library.name)
    (tmp_path / "licences" / "lib.1.dylib").mkdir(parents=True)
    assert list(macho.machine_code(tmp_path)) == [library]
