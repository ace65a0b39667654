"""The first command that a newcomer types."""

import pathlib
import subprocess

SOURCE_DIRECTORY = pathlib.Path(__file__).resolve().parents[2]


def run_bootstrap(*arguments):
    return subprocess.run(
        [SOURCE_DIRECTORY / "bootstrap", *arguments], capture_output=True, text=True, check=False
    )


def test_bootstrap_alone_says_how_to_use_it():
    done = run_bootstrap()
    assert done.returncode == 2
    assert "./bootstrap run" in done.stderr
    assert "./bootstrap check" in done.stderr
    assert done.stdout == ""


def test_bootstrap_names_the_command_it_does_not_know():
    done = run_bootstrap("dance")
    assert done.returncode == 2
    assert "there is no 'dance'" in done.stderr
