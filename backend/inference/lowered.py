"""`python lowered.py PARENT COMMAND…`: becomes the command, at low priority, and ends when the parent ends.

It is started by its path and imports nothing of the app: what it becomes replaces it.
"""

import ctypes
import os
import signal
import sys

NICENESS = 10
_PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    os.nice(NICENESS)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before it could be watched
            sys.exit(1)
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
