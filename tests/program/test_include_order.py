"""The layers of the source tree, from the bottom: each may include what lies below it and itself."""

import pathlib
import re
import subprocess

import pytest

SOURCE_DIRECTORY = pathlib.Path(__file__).resolve().parents[2]

# Layers in one row do not know each other.
LAYERS = [
    ["base"],
    ["model"],
    ["system", "python"],
    ["sampler"],
    ["record"],
    ["source"],
    ["analysis"],
    ["export"],
    ["ui"],
    ["cmd"],
]
HEIGHT = {layer: height for height, row in enumerate(LAYERS) for layer in row}

# A recording holds ticks and nothing of where they come from.
ONLY = {"record": {"base", "model", "record"}}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)


def violations(source):
    """What breaks the order in a directory of sources, one sentence each."""
    found = []
    for path in sorted([*source.rglob("*.c"), *source.rglob("*.h")]):
        place = path.relative_to(source)
        layer = place.parts[0] if len(place.parts) > 1 else None
        if layer is None and place.name != "main.c":
            found.append(f"{place} is in no layer")
            continue
        if layer is not None and layer not in HEIGHT:
            found.append(f"{place} is in {layer}/, which is no layer")
            continue
        for included in INCLUDE.findall(path.read_text()):
            reason = why_not(layer, included, source)
            if reason:
                found.append(f'{place} includes "{included}": {reason}')
    return found


def why_not(layer, included, source):
    """Why a file of a layer (None for main.c) may not include this; None when it may."""
    if included == "config.h":
        return None
    target = included.split("/")[0]
    if "/" not in included or target not in HEIGHT:
        return "a header is named by its path in src"
    made_from = source / included.replace(".pb-c.h", ".proto")
    if not (source / included).is_file() and not made_from.is_file():
        return "there is no such file"
    if layer is None or target == layer:
        return None
    if layer in ONLY and target not in ONLY[layer]:
        return f"{layer} may use only " + ", ".join(sorted(ONLY[layer]))
    if HEIGHT[target] > HEIGHT[layer]:
        return f"{target} is above {layer}"
    if HEIGHT[target] == HEIGHT[layer]:
        return f"{target} and {layer} do not know each other"
    return None


def test_includes_go_downward_only():
    assert violations(SOURCE_DIRECTORY / "src") == []


@pytest.mark.parametrize(
    ("path", "line", "reason"),
    [
        ("base/file.c", '#include "model/tick.h"', "model is above base"),
        ("source/live.c", '# include  "ui/screen.h"', "ui is above source"),
        ("system/cpus.c", '#include "python/locate.h"', "python and system do not know each other"),
        ("python/locate.c", '#include "system/cpus.h"', "system and python do not know each other"),
        ("record/reader.c", '#include "sampler/sampler.h"', "record may use only base, model, record"),
        ("ui/screen.c", '#include "screen.h"', "a header is named by its path in src"),
        ("ui/screen.c", '#include "../model/tick.h"', "a header is named by its path in src"),
        ("ui/screen.c", '#include "model/tock.h"', "there is no such file"),
        ("helpers/all.c", "", "helpers/, which is no layer"),
        ("tools.c", "", "is in no layer"),
    ],
    ids=[
        "base-model",
        "source-ui",
        "system-python",
        "python-system",
        "record-sampler",
        "by-name-alone",
        "by-relative-path",
        "of-no-file",
        "in-unknown-directory",
        "outside-of-layers",
    ],
)
def test_a_wrong_include_is_found(tmp_path, path, line, reason):
    for header in (
        "model/tick.h",
        "ui/screen.h",
        "python/locate.h",
        "system/cpus.h",
        "sampler/sampler.h",
    ):
        (tmp_path / header).parent.mkdir(exist_ok=True)
        (tmp_path / header).touch()
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).write_text(f"{line}\n")
    found = violations(tmp_path)
    assert len(found) == 1
    assert reason in found[0]


def test_right_includes_are_not_found_fault_with(tmp_path):
    for path, line in {
        "base/text.h": "#include <stddef.h>",
        "model/tick.h": '#include "base/text.h"',
        "cmd/command.c": '#include "config.h"\n#include "model/tick.h"',
        "main.c": '#include "model/tick.h"',
    }.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(f"{line}\n")
    assert violations(tmp_path) == []


TOP_LEVEL = {"src", "man", "tests", "configure.ac", "Makefile.am", "README.md", "LICENSE", "bootstrap"}


def test_the_top_level_holds_only_what_belongs_there():
    if not (SOURCE_DIRECTORY / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={SOURCE_DIRECTORY}", "-C", SOURCE_DIRECTORY, "ls-files"],
        capture_output=True,
        text=True,
        check=True,
    )
    names = {name.split("/")[0] for name in listed.stdout.splitlines()}
    assert {name for name in names if not name.startswith(".")} - TOP_LEVEL == set()
