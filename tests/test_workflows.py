"""What runs elsewhere with rights is pinned: a tag can be moved, a commit can't."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parent.parent
WORKFLOWS = sorted((PROJECT / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    uses = re.findall(r"uses: (.*)", text)
    assert uses
    pinned = r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+"
    assert [each for each in uses if not re.fullmatch(pinned, each)] == []
    by_action: dict[str, set[str]] = {}
    for each in uses:
        by_action.setdefault(each.partition("@")[0], set()).add(each)
    assert all(len(versions) == 1 for versions in by_action.values())


def test_a_release_is_made_by_hand_and_with_few_rights() -> None:
    text = (PROJECT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    workflow = yaml.load(text, Loader=yaml.BaseLoader)  # else "on" is a boolean
    assert set(workflow["on"]) == {"workflow_dispatch"}
    assert workflow["permissions"] == {}
    jobs = workflow["jobs"]
    writers = {name for name, job in jobs.items() if "write" in job["permissions"].values()}
    assert writers == {"attest", "publish"}
    assert jobs["publish"]["environment"] == "pypi"
    assert jobs["attest"]["needs"] == ["sdist", "kit"]


def test_the_kit_is_tried_with_each_python_that_gets_a_wheel() -> None:
    text = (PROJECT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    jobs = yaml.load(text, Loader=yaml.BaseLoader)["jobs"]
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    versions = jobs["kit"]["strategy"]["matrix"]["python"]
    wheels = [f"cp{version.replace('.', '')}-*" for version in versions]
    assert project["tool"]["cibuildwheel"]["build"] == wheels
    prefix = "Programming Language :: Python :: 3."
    named = [each for each in project["project"]["classifiers"] if each.startswith(prefix)]
    assert named == [f"Programming Language :: Python :: {version}" for version in versions]
    made = {each["runner"] for each in jobs["wheels"]["strategy"]["matrix"]["include"]}
    assert set(jobs["kit"]["strategy"]["matrix"]["runner"]) == made - {"macos-15-intel"}
