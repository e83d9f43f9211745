"""Becomes the command it is given, after asking the kernel to end it when the supervisor dies.

`python -m config.supervisor.lifeline PID COMMAND...`, where PID is the supervisor's. Where the kernel cannot be asked
(it is Linux that can), the next start ends what a killed supervisor left.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    supervisor, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != supervisor:  # it died before the line above
        sys.exit(1)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
