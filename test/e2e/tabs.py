#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Types a command line into an interactive shell on a terminal, presses TAB, and waits for what the shell makes of it.

tabs.py SHELL TYPED EXPECTED: SHELL is bash, zsh or fish; EXPECTED must appear behind what was typed. rouse is the one
of PATH. Exit code 0 when it appeared, 1 with the terminal's contents when it did not.
"""
import os
import pty
import re
import select
import shutil
import sys
import tempfile
import time

DEADLINE_S = 15
SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "source <(rouse completion bash)"),
    "zsh": (["zsh", "-f", "-i"], "autoload -Uz compinit && compinit -D -u && source <(rouse completion zsh)"),
    "fish": (["fish", "--no-config", "-i"], "rouse completion fish | source"),
}
CONTROL = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>()][0-9A-B]?|\x1b\][^\a]*\a|[\r\a]")


def wait_for(terminal, seen, text):
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        if text.encode() in CONTROL.sub(b"", seen):
            return seen
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                seen += os.read(terminal, 65536)
            except OSError:
                break
    print(f"\"{text}\" did not appear in:\n{CONTROL.sub(b'', seen).decode(errors='replace')}")
    sys.exit(1)


def main():
    shell, typed, expected = sys.argv[1:]
    command, setup = SHELLS[shell]
    home = tempfile.mkdtemp()
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm", PS1="$ ", HOME=home, HISTFILE="/dev/null", COLUMNS="200")
        os.execvp(command[0], command)
    # The answer differs from the question, which the terminal echoes.
    os.write(terminal, f"{setup}; echo re''ady\n".encode())
    wait_for(terminal, b"", "ready\n")
    os.write(terminal, typed.encode() + b"\t")
    wait_for(terminal, b"", expected)
    os.write(terminal, b"\x03")
    os.close(terminal)
    os.waitpid(pid, 0)
    shutil.rmtree(home, ignore_errors=True)


main()
