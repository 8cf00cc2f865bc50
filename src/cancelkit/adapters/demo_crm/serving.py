"""`cancelkit serve`: the demo CRM in the browser, on this machine only."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import uvicorn
from sqlalchemy import create_engine

from cancelkit.adapters.demo_crm.app import DemoCrm

ADDRESS = "127.0.0.1"


def serve(out: TextIO, *, port: int, file: str = "") -> int:
    """Serve the demo CRM until somebody stops it with Ctrl-C; returns 0.

    Args:
        out: where the address is printed.
        port: 0 for any free one.
        file: the SQLite database; a temporary one, deleted at the end, where none is given.
    """
    with tempfile.TemporaryDirectory(prefix="cancelkit-") as folder:
        engine = create_engine(f"sqlite:///{Path(file or Path(folder) / 'crm.db')}")
        try:
            config = uvicorn.Config(
                DemoCrm(engine).application(), host=ADDRESS, port=port, log_level="warning"
            )
            server = uvicorn.Server(config)
            socket = config.bind_socket()
            socket.listen()  # whoever reads the address may ask at once
            print(f"The demo CRM: http://{ADDRESS}:{socket.getsockname()[1]}/", file=out)
            print("Stop it with Ctrl-C.", file=out, flush=True)
            with suppress(KeyboardInterrupt):  # raised again after everything was closed
                server.run(sockets=[socket])
        finally:
            engine.dispose()
    return 0
