"""Hold a descriptor of every kind, print what the program itself knows of each, and wait.

Prints "ready {FD: {kind, access, position}}"; a position is there only where the program has one.
"""

import ctypes
import json
import os
import pty
import socket
import sys
import tempfile

libc = ctypes.CDLL(None, use_errno=True)
directory = tempfile.mkdtemp(dir=os.path.dirname(os.path.abspath(__file__)))
known = {}
kept = []


def hold(opened, kind, access, position=None):
    kept.append(opened)
    number = opened if isinstance(opened, int) else opened.fileno()
    known[number] = {"kind": kind, "access": access, "position": position}
    return number


def path_of(name):
    return os.path.join(directory, name)


with open(path_of("text"), "wb") as file:
    file.write(b"0123456789" * 1000)

file = open(path_of("text"), "rb", buffering=0)
file.read(1234)
hold(file, "file", "read", file.tell())
file = open(path_of("text"), "r+b", buffering=0)
file.seek(9999)
hold(file, "file", "read-write", file.tell())
file = open(path_of("text"), "ab", buffering=0)
file.write(b"more")
hold(file, "file", "write", file.tell())
file = open(path_of("sparse"), "w+b", buffering=0)
file.seek(5 << 32)
file.write(b"end")
hold(file, "file", "read-write", file.tell())
file = open(path_of("a name with blanks, (brackets) and äöü 名前"), "wb", buffering=0)
file.write(b"x" * 77)
hold(file, "file", "write", file.tell())
file = open(path_of("goes"), "wb", buffering=0)
file.write(b"x" * 55)
os.unlink(path_of("goes"))
hold(file, "file", "write", file.tell())
file = open(path_of("is called (deleted)"), "wb", buffering=0)
hold(file, "file", "write", file.tell())
hold(os.open(directory, os.O_RDONLY), "directory", "read")
hold(open("/dev/null", "wb", buffering=0), "device", "write")
hold(open("/dev/zero", "rb", buffering=0), "device", "read")

reading, writing = os.pipe()
os.write(writing, b"unread")
hold(reading, "pipe", "read")
hold(writing, "pipe", "write")
os.mkfifo(path_of("fifo"))
hold(os.open(path_of("fifo"), os.O_RDWR), "pipe", "read-write")
master, slave = pty.openpty()
hold(slave, "tty", "read-write")
kept.append(master)

hold(libc.eventfd(0, 0), "eventfd", "read-write")
hold(libc.epoll_create1(0), "epoll", "read-write")
hold(libc.timerfd_create(1, 0), "timerfd", "read-write")
hold(libc.inotify_init1(0), "inotify", "read")
hold(libc.memfd_create(b"shared", 0), "memfd", "read-write", 0)
hold(libc.signalfd(-1, ctypes.byref(ctypes.create_string_buffer(128)), 0), "signalfd", "read-write")


def hold_socket(opened):
    hold(opened, "socket", "read-write")
    return opened


def connect(family, address):
    """A server with three clients: one is idle, of one the server has not read, one is not accepted."""
    server = hold_socket(socket.socket(family, socket.SOCK_STREAM))
    server.bind(address)
    server.listen(7)
    clients = [hold_socket(socket.socket(family, socket.SOCK_STREAM)) for _ in range(3)]
    for number, client in enumerate(clients):
        client.connect(server.getsockname())
        if number < 2:
            hold_socket(server.accept()[0])
    clients[1].sendall(b"x" * 5678)
    closed = hold_socket(socket.socket(family, socket.SOCK_STREAM))
    closed.connect(server.getsockname())
    server.accept()[0].close()  # the client that waited
    hold_socket(server.accept()[0]).shutdown(socket.SHUT_WR)


connect(socket.AF_INET, ("127.0.0.1", 0))
if socket.has_ipv6 and os.path.exists("/proc/net/if_inet6"):
    connect(socket.AF_INET6, ("::1", 0))
connect(socket.AF_UNIX, path_of("unix"))
connect(socket.AF_UNIX, f"\0pyneck-test-{os.getpid()}")
one, other = socket.socketpair()
one.send(b"y" * 99)
hold_socket(one)
hold_socket(other)
for family, address in ((socket.AF_INET, ("127.0.0.1", 0)), (socket.AF_INET, ("0.0.0.0", 0))):
    datagrams = hold_socket(socket.socket(family, socket.SOCK_DGRAM))
    datagrams.bind(address)
sender = hold_socket(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
sender.connect(datagrams.getsockname())
sender.send(b"z" * 500)
hold_socket(socket.socket(socket.AF_INET, socket.SOCK_STREAM))

for stream in (sys.stdin, sys.stdout):
    hold(stream, "pipe", "read" if stream is sys.stdin else "write")
print("ready", json.dumps(known), flush=True)
sys.stdin.read()
