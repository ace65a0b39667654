"""The Python interpreters that the tests watch: all that are here, of the versions that pyneck reads.

Three origins differ in what matters to pyneck: Debian links CPython into the executable, pyenv here builds it
with a shared libpython, and Debian sid (a chroot that ./bootstrap check makes) has the newest versions and a
root directory of its own. Debian's debug builds are taken where they are installed (python3-dbg).

Builds that no package has, such as those without a GIL and versions to come, are taken from the environment
variable PYNECK_TEST_PYTHONS: paths of executables, with colons between.
"""

import os
import pathlib
import subprocess
import tempfile
from dataclasses import dataclass, field

READABLE_MINORS = (6, 7, 8, 9, 10, 11, 12, 13, 14, 15)  # and 2.7: find_python2()


@dataclass(frozen=True)
class Interpreter:
    name: str  # for people: "3.11-system"
    minor: int
    command: tuple  # what starts it, before the script's name
    root: pathlib.Path = pathlib.Path("/")  # the directory it sees as /
    environment: dict = field(default_factory=dict, hash=False, compare=False)
    free_threaded: bool = False
    major: int = 3

    @property
    def version(self):
        return f"{self.major}.{self.minor}"

    @property
    def knows_qualified_names(self):
        return self.major == 3 and self.minor >= 11

    def shown(self, qualified_name):
        """A function's name as this version's code objects have it."""
        return qualified_name if self.knows_qualified_names else qualified_name.rpartition(".")[2]

    def new_directory(self):
        """A fresh directory that the interpreter can see: (path outside, path as the interpreter sees it)."""
        outside = pathlib.Path(tempfile.mkdtemp(prefix="pyneck-test-", dir=self.root / "tmp"))
        outside.chmod(0o755)
        return outside, pathlib.Path("/") / outside.relative_to(self.root)


def answers(command, minor, major=3):
    """Whether `command` starts a Python of this version."""
    question = "import sys, threading, json; print('%d.%d' % sys.version_info[:2])"
    try:
        run = subprocess.run([*command, "-c", question], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return run.returncode == 0 and run.stdout.strip() == f"{major}.{minor}"


def system_pythons(minor):
    for directory in ("/usr/bin", "/usr/local/bin"):
        yield f"3.{minor}-system", (f"{directory}/python3.{minor}",), pathlib.Path("/")


def pyenv_pythons(minor):
    pyenv = pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv"))
    for python in sorted(pyenv.glob(f"versions/3.{minor}.*/bin/python3.{minor}"), reverse=True):
        yield f"3.{minor}-pyenv", (str(python),), pathlib.Path("/")


def cache_directories():
    given = os.environ.get("PYNECK_CHECK_CACHE")
    if given:
        yield pathlib.Path(given)
    yield pathlib.Path("/var/cache/pyneck-check")
    yield pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "pyneck-check"


def enter_root(root):
    """The command that runs another one inside of a root directory."""
    if os.geteuid() == 0:
        return ("chroot", str(root))
    return ("unshare", "--map-root-user", f"--root={root}")


def debug_pythons(minor):
    yield f"3.{minor}-debug", (f"/usr/bin/python3.{minor}-dbg",), pathlib.Path("/")
    for cache in cache_directories():
        root = cache / "sid"
        if (root / f"usr/bin/python3.{minor}-dbg").exists():
            yield f"3.{minor}-debug", (*enter_root(root), f"/usr/bin/python3.{minor}-dbg"), root


def sid_pythons(minor):
    for cache in cache_directories():
        root = cache / "sid"
        if not (root / f"usr/bin/python3.{minor}").exists():
            continue
        yield f"3.{minor}-sid", (*enter_root(root), f"/usr/bin/python3.{minor}"), root


def given_pythons(minors):
    """The interpreters that PYNECK_TEST_PYTHONS names; those of versions to come count when all are wanted."""
    question = "import sys; print(sys.version_info[1], getattr(sys, 'abiflags', ''))"
    for path in filter(None, os.environ.get("PYNECK_TEST_PYTHONS", "").split(":")):
        run = subprocess.run([path, "-c", question], capture_output=True, text=True, timeout=30, check=True)
        minor, _, flags = run.stdout.strip().partition(" ")
        if int(minor) in minors or minors is READABLE_MINORS:
            yield Interpreter(f"3.{minor}{flags}-given", int(minor), (path,), free_threaded="t" in flags)


def find(minors=READABLE_MINORS):
    """The interpreters of these versions: at most one an origin and version, and those that are given."""
    found = []
    for minor in minors:
        for origin in (system_pythons, pyenv_pythons, sid_pythons, debug_pythons):
            for name, command, root in origin(minor):
                if answers(command, minor):
                    found.append(Interpreter(name, minor, command, root))
                    break
    return [*found, *given_pythons(minors)]


def find_python2():
    """The Python 2.7 that is here, or None."""
    pyenv = pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv"))
    for origin, python in (("system", pathlib.Path("/usr/bin/python2.7")),
                           *(("pyenv", path) for path in sorted(pyenv.glob("versions/2.7.*/bin/python2.7")))):
        if answers((str(python),), 7, major=2):
            return Interpreter(f"2.7-{origin}", 7, (str(python),), major=2)
    return None
