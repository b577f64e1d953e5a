"""What any user of a host may do, tried one after the other, as whoever took over the daemon would. Writes what was possible.

Standard library alone; run by tests/systemd/test_boot.py within the unit's restrictions, and without them.
"""

import ctypes
import json
import mmap
import os
import pathlib
import resource
import socket
import subprocess
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
OWN = pathlib.Path("/var/log/assay")
CLONE_NEWUSER = 0x10000000
ADDR_NO_RANDOMIZE = 0x0040000
PTRACE_TRACEME = 0
IPC_PRIVATE = 0


def called(name, *arguments):
    if getattr(LIBC, name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), name)


def script():
    path = OWN / "script"
    path.write_text("#!/bin/true\n")
    path.chmod(0o700)
    subprocess.run([path], check=True)


def setuid_file():
    path = OWN / "setuid"
    path.write_text("")
    path.chmod(0o4700)
    if not path.stat().st_mode & 0o4000:
        raise OSError("no such bit")


def core_dump():
    resource.setrlimit(resource.RLIMIT_CORE, (1, resource.getrlimit(resource.RLIMIT_CORE)[1]))


ATTEMPTS = {
    "its own folder": lambda: (OWN / "file").write_text("x"),
    "a socket for DNS": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "a shell": lambda: subprocess.run(["/bin/sh", "-c", "true"], check=True),
    "a program of its own": script,
    "a file in a folder where all may write": lambda: pathlib.Path("/srv/open/file").write_text("x"),
    "a file in /run/lock": lambda: pathlib.Path("/run/lock/file").write_text("x"),
    "a file in the common /tmp": lambda: pathlib.Path("/tmp/marker").read_text(),
    "a file in /home": lambda: pathlib.Path("/home/marker").read_text(),
    "other processes": lambda: pathlib.Path("/proc/1/status").read_text(),
    "facts about the machine": lambda: pathlib.Path("/proc/cpuinfo").read_text(),
    "settings of the kernel": lambda: pathlib.Path("/proc/sys/kernel/osrelease").read_text(),
    "memory to write and execute": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC),
    "a netlink socket": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "a user namespace": lambda: called("unshare", CLONE_NEWUSER),
    "a setuid file": setuid_file,
    "no random addresses": lambda: called("personality", ADDR_NO_RANDOMIZE),
    "shared memory": lambda: called("shmget", IPC_PRIVATE, 4096, 0o1600),
    "another scheduling": lambda: os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0)),
    "another priority": lambda: os.setpriority(os.PRIO_PROCESS, 0, 19),
    "to be traced": lambda: called("ptrace", PTRACE_TRACEME, 0, 0, 0),
    "a core dump": core_dump,
}


def main():
    possible, denied = [], {}
    for name, attempt in ATTEMPTS.items():
        try:
            attempt()
            possible.append(name)
        except (OSError, ValueError, subprocess.CalledProcessError) as error:
            denied[name] = str(error)
    pathlib.Path(sys.argv[1]).write_text(json.dumps({"possible": possible, "denied": denied}))


if __name__ == "__main__":
    main()
