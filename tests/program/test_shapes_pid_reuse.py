"""A process number that is used again: who watches the old process is not shown the new one."""

import json
import os
import subprocess
import sys

import pytest

# Runs in a PID namespace of its own, where it may choose the next number. Python of the tests, not a watched one.
DRIVER = """
import json
import subprocess
import sys
import time

PYNECK, VICTIM, HEIR = sys.argv[1:4]

def start(name):
    process = subprocess.Popen([sys.executable, "-c", "def %s():\\n while True: sum(range(1000))\\n"
                                "print('ready', flush=True)\\n%s()" % (name, name)], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\\n"
    return process

def start_with(number, name):
    for _ in range(200):
        with open("/proc/sys/kernel/ns_last_pid", "w") as last:
            last.write(str(number - 1))
        process = start(name)
        if process.pid == number:
            return process
        process.kill()
        process.wait()
    sys.exit("no such luck")

victim = start(VICTIM)
with subprocess.Popen([PYNECK, "snapshot", "--format", "json", "-n", "50", "-d", "0.1", str(victim.pid)],
                      stdout=subprocess.PIPE) as pyneck:
    ticks = [json.loads(pyneck.stdout.readline())]
    while not ticks[-1]["processes"][0]["functions"]:
        ticks.append(json.loads(pyneck.stdout.readline()))
    victim.kill()
    victim.wait()
    heir = start_with(victim.pid, HEIR)
    before = len(ticks)
    ticks += [json.loads(line) for line in pyneck.stdout]
heir.kill()
print(json.dumps([ticks[:before], ticks[before:]]))
"""


def test_a_named_process_number_that_is_used_again_is_another_process(pyneck):
    if os.geteuid() != 0:
        pytest.skip("needs root to choose a process number")
    alone = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
    if subprocess.run([*alone, "test", "-w", "/proc/sys/kernel/ns_last_pid"], check=False).returncode != 0:
        pytest.skip("the kernel lets nobody choose a process number here")
    done = subprocess.run([*alone, sys.executable, "-c", DRIVER, pyneck, "victim", "heir"], stdout=subprocess.PIPE,
                          text=True, check=True, timeout=120)
    before, after = json.loads(done.stdout)
    assert before[-1]["processes"][0]["functions"][0]["function"] == "victim"
    # Ticks may still be of the time before; what was named shows as long as it lives, its heir never.
    shown = [process for tick in after for process in tick["processes"]]
    assert not [process["command"] for process in shown if "heir" in process["command"]]
    assert after[-1]["processes"] == []
