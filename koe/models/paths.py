"""Returns the paths of models and their files, and refuses unsafe ones.

The path of a model is its identifier: relative to the models directory, or absolute. Manifests come
from other people, so the names in them are split and checked before any file is touched
(spec models §6).
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from koe.errors import ManifestError, ModelPathError
from koe.files import regular
from koe.text import is_unicode

MODELS_NAME = "models"
MANIFEST_NAME = ".koe-manifest.json"
CHECKSUMS_NAME = ".koe-checksum.json"

# koe's own files. No manifest may name them, because a download would overwrite them.
_OURS = frozenset((MANIFEST_NAME, CHECKSUMS_NAME))

# No model has longer names. Systems limit a whole path to 1,024 to 4,096 bytes.
_MOST_COMPONENTS, _LONGEST_NAME = 32, 512

# Names of devices on Windows, with any extension.
_PORTS = (f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³")
_DEVICES = frozenset(("con", "prn", "aux", "nul", "conin$", "conout$", *_PORTS))
_FORBIDDEN_BY_WINDOWS = frozenset('<>:"|?*')  # a colon is a drive, or a stream within a file


def models_directory(config_directory: Path) -> Path:
    """Return the models directory, given the configuration's directory."""
    return config_directory / MODELS_NAME


def locate(root: Path, path: str) -> Path:
    """Return the directory that a model's path refers to; it need not exist.

    Args:
        root: The models directory.
        path: As configured. Empty means ``root`` itself.

    Raises:
        ModelPathError: The text cannot be a path, or the path depends on the current drive.
    """
    directory = Path(path)
    if "\0" in path or not is_unicode(path):
        what = f"model path {json.dumps(path)} contains a NUL or an invalid Unicode character"
        raise ModelPathError(f"{what}; correct it")
    if not directory.is_absolute() and directory.anchor:  # on Windows: C:model, \model
        what = f"model path {path} depends on the current drive"
        raise ModelPathError(f"{what}; write the full path, with the drive")
    return root / directory


def existing_directory(root: Path, path: str) -> Path:
    """Return a model's directory with all links resolved. This path then identifies the model.

    Raises:
        ManifestError: It does not exist.
        ModelPathError: The path is below ``root``, but a link leads out of it; or the directory
            cannot be resolved; or as `locate`.
    """
    directory = locate(root, path)
    try:
        resolved = directory.resolve(strict=True)
        # A path that does not begin with the root is absolute: that is the user's choice.
        escapes = directory.is_relative_to(root) and not resolved.is_relative_to(root.resolve())
    except (FileNotFoundError, NotADirectoryError) as exc:
        raise ManifestError(f"canonicalize {directory}: {exc.strerror}") from exc
    except (OSError, RuntimeError) as exc:  # RuntimeError: links in a circle
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise ModelPathError(f"canonicalize {directory}: {reason}") from exc
    if escapes:
        what = f"model dir {directory} resolves outside the models directory"
        raise ModelPathError(f"{what} ({resolved})")
    return resolved


def writable_directory(root: Path, path: str) -> Path:
    """Return the directory of a model that is to be changed; refuse ``..`` and a leading ``.``.

    Raises:
        ManifestError: It does not exist.
        ModelPathError: The path is refused, or for the reasons of `existing_directory`.
    """
    directory = locate(root, path)
    parts = (path.replace("\\", "/") if os.sep == "\\" else path).split("/")
    if ".." in parts or parts[0] == ".":
        raise ModelPathError(f"model dir {directory} contains path traversal components")
    return existing_directory(root, path)


def components(name: str, platform: str = sys.platform) -> tuple[str, ...]:
    """Split the name of a model's file into its components.

    Args:
        name: As the manifest has it: ``a//b``, ``a/./b`` and ``a/b/`` mean ``a/b``.
        platform: As ``sys.platform``; Windows has more names with a special meaning.

    Raises:
        ModelPathError: The name is empty or not safe.
    """
    if not name:
        raise ModelPathError('empty file name in manifest: ""')
    first, *others = (name.replace("\\", "/") if platform == "win32" else name).split("/")
    parts = (first, *(part for part in others if part not in ("", ".")))
    if len(parts) > _MOST_COMPONENTS or len(name) > _LONGEST_NAME:
        raise ModelPathError(
            f"file name in manifest is too long: {json.dumps(name[:40])}… has {len(parts)} parts "
            f"and {len(name)} characters; the limits are {_MOST_COMPONENTS} and {_LONGEST_NAME}"
        )
    # An empty first part means an absolute path.
    is_safe = first not in ("", ".") and all(_is_safe(part, platform) for part in parts)
    if not is_safe or parts[-1].casefold() in _OURS:
        raise ModelPathError(
            f"unsafe file name in manifest: {json.dumps(name, ensure_ascii=not is_unicode(name))}"
        )
    return parts


def target(directory: Path, name: str) -> Path:
    """Return where a file of a model is, or will be.

    Args:
        directory: From `existing_directory`.
        name: As the manifest has it.

    Raises:
        ModelPathError: The name is not safe, or a component on the way is a link.
    """
    return contained(directory, directory.joinpath(*components(name)))


def contained(directory: Path, path: Path) -> Path:
    """Return ``path``, if no existing component below ``directory`` is a link.

    Raises:
        ModelPathError: A component is a link, or the path leads outside.
        OSError: The status of a component cannot be read.
    """
    refusal = f"refusing to operate on {path}"
    existing = directory
    for part in path.relative_to(directory).parts:
        below = existing / part
        try:
            status = below.lstat()
        except (FileNotFoundError, NotADirectoryError):
            break
        if regular.is_link(status):
            raise ModelPathError(f"{refusal}: {below} is a symlink")
        existing = below
    if not existing.resolve().is_relative_to(directory):
        raise ModelPathError(f"{refusal}: it is outside {directory}")
    return path


def part_path(path: Path) -> Path:
    """Return the path of a file while it is being fetched: ``model.bin.part``.

    A name without an extension gets two dots, ``LICENSE..part``: other programs have left such
    files, and downloads can continue them (spec models §7.3).
    """
    stem, dot, extension = path.name.rpartition(".")
    if dot and stem and extension:
        return path.with_name(f"{path.name}.part")
    return path.with_name(f"{stem if stem else path.name}..part")


def _is_safe(part: str, platform: str) -> bool:
    if part == ".." or not is_unicode(part) or any(map(_is_control, part)):
        return False
    if platform != "win32":
        return True
    device = part.partition(".")[0].rstrip(" ").casefold()
    return not (
        part.endswith((".", " ")) or device in _DEVICES or _FORBIDDEN_BY_WINDOWS & set(part)
    )


def _is_control(character: str) -> bool:
    return character < " " or "\x7f" <= character <= "\x9f"
