"""Becomes the command it is given, after asking the kernel to end it when the supervisor dies.

`python -m config.supervisor.lifeline PID NICENESS COMMAND...`, where PID is the supervisor's. Only Linux can be asked;
elsewhere the next start ends what a killed supervisor left.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    supervisor, niceness, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    os.nice(niceness)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != supervisor:  # it died before the line above
        sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - the command is a line of the Procfile


if __name__ == "__main__":
    main()
