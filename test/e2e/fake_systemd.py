# SPDX-License-Identifier: BSD-2-Clause
"""What systemd does for a service of Type=notify with a socket: fake_systemd.py DIRECTORY SOCKET COMMAND...

Listens on SOCKET and passes it, hears the notifications (DIRECTORY/notified gets a line each), reads standard error as
the journal (DIRECTORY/journal), and starts COMMAND again when it ends, but not while DIRECTORY/wait is there. Its own
environment has what a service's has: little.
"""

import os
import select
import signal
import socket
import sys
import time

WATCHDOG_US = 2_000_000


def child(notify, listener, journal, command):
    # The passed descriptor is the first after the standard ones.
    os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
    os.dup2(journal, 1)
    os.dup2(journal, 2)
    os.dup2(listener, 3, inheritable=True)
    os.closerange(4, 64)
    # As OOMScoreAdjust= does; another number than the unit's, which not everyone may set.
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("500")
    status = os.fstat(2)
    environment = {
        "PATH": os.environ["PATH"], "NOTIFY_SOCKET": notify, "LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid()),
        "LISTEN_FDNAMES": "roused.socket", "WATCHDOG_USEC": str(WATCHDOG_US), "WATCHDOG_PID": str(os.getpid()),
        "JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}",
    }
    os.execvpe(command[0], command, environment)


def main(directory, path, command):
    notify = f"{directory}/notify"
    notified = open(f"{directory}/notified", "a", buffering=1)
    journal = os.open(f"{directory}/journal", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    hear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    hear.bind(notify)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    if os.path.exists(path):
        os.unlink(path)
    listener.bind(path)
    listener.listen(128)
    stop = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(True))
    while not stop:
        time.sleep(0.1)
        while os.path.exists(f"{directory}/wait"):
            time.sleep(0.02)
        pid = os.fork()
        if pid == 0:
            child(notify, listener.fileno(), journal, command)
        with open(f"{directory}/pid", "w") as file:
            file.write(str(pid))
        while os.waitpid(pid, os.WNOHANG) == (0, 0):
            if stop:
                os.kill(pid, signal.SIGTERM)
                stop.clear()
                os.waitpid(pid, 0)
                stop.append(True)
                break
            if select.select([hear], [], [], 0.02)[0]:
                notified.write(hear.recv(4096).decode().replace("\n", " ") + "\n")
    while select.select([hear], [], [], 0)[0]:
        notified.write(hear.recv(4096).decode().replace("\n", " ") + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
