"""Several PostgreSQL on this machine that Patroni leads, with etcd and HAProxy, by the files of deploy/patroni."""

from __future__ import annotations

import os
import shutil
import signal
import string
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg

from config.embedded import account as accounts
from config.embedded import cluster
from tests.config.started import ROOT, find_port

PROGRAMS = ("patroni", "etcd", "haproxy")
HOST = "127.0.0.1"
PASSWORDS = {"superuser_password": "leads", "replication_password": "follows", "rewind_password": "goes-back"}
PATIENCE = 120  # seconds until all are up


def eventually(holds: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if holds():
                return True
        except psycopg.OperationalError:
            pass
        time.sleep(0.2)
    return False


class Nodes:
    """etcd, so many servers, and HAProxy in front. Everything ends with `stop`."""

    def __init__(self, folder: Path, count: int) -> None:
        self._account = accounts.service_account()
        self.folder = folder
        self.front_port = find_port()
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        accounts.private_folder(folder, self._account)
        etcd = f"{HOST}:{find_port()}"
        self._start("etcd", self._etcd(etcd))
        places = {f"node{number}": (find_port(), find_port()) for number in range(1, count + 1)}
        self._ports = {name: port for name, (port, _) in places.items()}
        for name, (port, rest_port) in places.items():
            own = folder / name
            accounts.private_folder(own, self._account)
            names = {"name": name, "host": HOST, "port": port, "rest_port": rest_port, "etcd": etcd, "folder": own}
            names |= {"binaries": cluster.binaries(), "network": f"{HOST}/32", **PASSWORDS}
            self._start(name, ["patroni", str(self._filled("patroni.yml", own / "patroni.yml", names))])
        servers = "\n".join(f"    server {name} {HOST}:{p} check port {r}" for name, (p, r) in places.items())
        names = {"host": HOST, "front_port": self.front_port, "servers": servers}
        self._start("haproxy", ["haproxy", "-f", str(self._filled("haproxy.cfg", folder / "haproxy.cfg", names))])

    def url(self, user: str, password: str, database: str) -> str:
        return f"postgresql://{user}:{password}@{HOST}:{self.front_port}/{database}"

    def ask(self, sql: str, database: str = "postgres") -> Any:
        """The first value, of whichever leads."""
        address = self.url("postgres", PASSWORDS["superuser_password"], database)
        with psycopg.connect(address, autocommit=True, connect_timeout=2) as session:
            cursor = session.execute(sql)
            row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None

    def leader(self) -> str:
        """Its name."""
        port = self.ask("SHOW port")
        return next(name for name, own in self._ports.items() if own == int(port))

    def has_synchronous_copy(self) -> bool:
        return bool(self.ask("SELECT count(*) > 0 FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')"))

    def kill(self, name: str) -> None:
        """As when the machine loses its power: Patroni and all processes of its server at once."""
        patroni = psutil.Process(self.running[name].pid)
        server = int((self.folder / name / "data" / "postmaster.pid").read_text().split()[0])
        for process in (patroni, psutil.Process(server), *psutil.Process(server).children(recursive=True)):
            with suppress(psutil.NoSuchProcess):  # a backend may have ended by itself
                process.send_signal(signal.SIGKILL)
        self.running[name].wait()

    def stop(self) -> None:
        for process in reversed(self.running.values()):
            process.send_signal(signal.SIGTERM)
        for process in self.running.values():
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for process in psutil.process_iter(["cmdline"]):
            if str(self.folder) in " ".join(process.info["cmdline"] or []):
                process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")[-3_000:]

    def _etcd(self, address: str) -> list[str]:
        peer = f"http://{HOST}:{find_port()}"
        client = f"http://{address}"
        return [
            *("etcd", "--name", "one", "--data-dir", str(self.folder / "etcd"), "--log-level", "error"),
            *("--listen-client-urls", client, "--advertise-client-urls", client),
            *("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"one={peer}"),
        ]

    def _filled(self, template: str, path: Path, names: dict[str, Any]) -> Path:
        path.write_text(string.Template((ROOT / "deploy" / "patroni" / template).read_text()).safe_substitute(names))
        if os.geteuid() == 0:
            os.chown(path, self._account.pw_uid, self._account.pw_gid)
        return path

    def _start(self, name: str, command: list[str]) -> None:
        identity: dict[str, Any] = {}
        if os.geteuid() == 0:
            identity = {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}
        with (self.folder / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                command,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env={"PATH": f"{os.environ['PATH']}:/usr/sbin", "LC_MESSAGES": "C", "HOME": str(self.folder)},
                start_new_session=True,
                **identity,
            )
