"""The operating system account the servers run as, and the folders that only it may enter.

PostgreSQL refuses to run as root, so when Akin is started by root the servers get an account of their own.
"""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from config.embedded.layout import EmbeddedServiceError

ROOTS_STAND_IN = "akin-services"


def service_account() -> pwd.struct_passwd:
    """The account of the servers: this process's own, or the stand-in for root, created when it is missing."""
    if os.geteuid() == 0:
        return _stand_in()
    try:
        return pwd.getpwuid(os.geteuid())
    except KeyError:
        raise EmbeddedServiceError(
            f"User id {os.geteuid()} has no account name on this machine, which PostgreSQL needs. "
            "Run Akin as a user with an account, or set DATABASE_URL to a server of your own."
        ) from None


def _stand_in() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(ROOTS_STAND_IN)
    except KeyError:
        pass
    command = ["useradd", "--system", "--no-create-home", "--home-dir", "/", "--shell", "/usr/sbin/nologin"]
    try:
        subprocess.run([*command, ROOTS_STAND_IN], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise EmbeddedServiceError(
            f"PostgreSQL does not run as root, and the account '{ROOTS_STAND_IN}' could not be created: {error}. "
            "Run Akin as another user, or create that account."
        ) from error
    return pwd.getpwnam(ROOTS_STAND_IN)


def private_folder(folder: Path, account: pwd.struct_passwd) -> None:
    """Makes the folder if need be and closes it to everyone but the account (and root)."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), account.pw_uid):
        raise EmbeddedServiceError(f"{folder} belongs to another user. Remove it or choose another AKIN_DATA_DIR.")
    if found.st_uid != account.pw_uid:
        os.chown(folder, account.pw_uid, account.pw_gid)
    folder.chmod(0o700)


def make_reachable(paths: Sequence[Path], account: pwd.struct_passwd) -> None:
    """Lets the stand-in for root pass through the folders above the paths; it says so, because it changes modes."""
    if os.geteuid() != 0:
        return
    for folder in {parent for path in paths for parent in path.resolve().parents}:
        found = folder.stat()
        if found.st_uid != account.pw_uid and not found.st_mode & stat.S_IXOTH:
            folder.chmod(stat.S_IMODE(found.st_mode) | stat.S_IXOTH)
            print(f"akin: chmod o+x {folder}, so that '{account.pw_name}' can run PostgreSQL", file=sys.stderr)


def run_as(
    account: pwd.struct_passwd, command: Sequence[str | Path], *, timeout: float
) -> subprocess.CompletedProcess[str]:
    """Runs a command as the account, in a session of its own, so that Ctrl-C in the terminal does not reach it.

    Output goes to a file, not to a pipe: a server started by the command would hold the pipe open.
    """
    identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    with tempfile.TemporaryFile("w+") as output:
        result = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_MESSAGES": "C"},
            umask=0o077,
            start_new_session=True,
            timeout=timeout,
            check=False,
            **identity,  # type: ignore[call-overload]
        )
        output.seek(0)
        return subprocess.CompletedProcess(result.args, result.returncode, output.read())
