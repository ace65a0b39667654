"""Interpreters for another machine than pyneck's."""

import shutil
import subprocess

import pytest

# No C library: one for 32 bits is seldom there.
SMALL = r"""
const char *Py_GetVersion(void) { return "3.11.2"; }
const char names[] __attribute__((used)) = "cpython-311";
const char version[] __attribute__((used)) = "3.11.2";

static long call(long number, long first, const void *second, long third)
{
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(first), "c"(second), "d"(third) : "memory");
    return result;
}

void _start(void)
{
    call(4, 1, "ready\n", 6); /* write */
    for (;;)
        call(29, 0, 0, 0); /* pause */
}
"""


def test_a_python_of_32_bits_says_why_it_is_not_read(run_snapshot, tmp_path):
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler here")
    (tmp_path / "small.c").write_text(SMALL)
    made = subprocess.run([compiler, "-m32", "-nostdlib", "-static", "-ffreestanding", "-fno-stack-protector", "-fno-pie",
                           "-no-pie", "-o", tmp_path / "python3", tmp_path / "small.c"],
                          capture_output=True, text=True, check=False)
    if made.returncode != 0:
        pytest.skip("the compiler makes no programs of 32 bits")
    try:
        process = subprocess.Popen([tmp_path / "python3"], stdout=subprocess.PIPE)
    except OSError:
        pytest.skip("programs of 32 bits do not run here")
    with process:
        try:
            if process.stdout.readline() != b"ready\n":
                pytest.skip("programs of 32 bits do not run here")
            (seen,) = run_snapshot("-n", 1, process.pid)[-1]["processes"]
            assert seen["error"] == "a Python of 32 bits: only those of 64 bits can be read"
            assert seen["python"] == {"implementation": "CPython", "version": "3.11.2", "free_threaded": False, "collector": None}
            assert seen["functions"] is None
        finally:
            process.kill()
