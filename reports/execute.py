"""Run a notebook on given parameters, in a kernel of this very interpreter, without a network."""

import asyncio
import json
import os
import re
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

from resnet.errors import UserError


def read(path: Path) -> Any:
    """The notebook at `path`; `UserError` when it is missing or none."""
    import nbformat

    try:
        return nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise UserError(f"no notebook {path}") from None
    except Exception as error:
        raise UserError(f"{path} is not a notebook: {str(error).splitlines()[0]}") from None


def inject(notebook: Any, parameters: dict[str, Any]) -> None:
    """Put a cell that sets `parameters` after the cell tagged 'parameters', or first."""
    import nbformat

    lines = [f"{name} = {value!r}" for name, value in parameters.items()]
    cell = nbformat.v4.new_code_cell("\n".join(lines), id="injected-parameters")
    cell.metadata["tags"] = ["injected-parameters"]
    tagged = [i for i, c in enumerate(notebook.cells) if "parameters" in tags(c)]
    notebook.cells.insert(tagged[0] + 1 if tagged else 0, cell)


def tags(cell: Any) -> list[str]:
    """The tags of a notebook's cell."""
    return list(cell.metadata.get("tags", []))


def execute(path: Path, parameters: dict[str, Any], timeout: float = 600) -> Any:
    """Execute the notebook at `path` and return it with its outputs.

    Args:
        path: the notebook in git, which is not changed.
        parameters: plain Python values, injected after the cell tagged 'parameters'.
        timeout: seconds that one cell may take.

    Raises:
        UserError: in one line, which names the file that has the traceback.
    """
    from nbclient import NotebookClient

    notebook = read(path)
    inject(notebook, parameters)
    with tempfile.TemporaryDirectory(prefix="nb", dir=_short_directory()) as scratch:
        manager = _manager(Path(scratch))
        client = NotebookClient(notebook, timeout=timeout, km=manager, store_widget_state=False)
        client.owns_km = True  # so that it ends the kernel, whatever happens
        try:
            client.execute(env=_environment(Path(scratch)), cwd=str(Path.cwd()))
        except Exception as error:
            if _interrupted(error):
                raise KeyboardInterrupt from None
            raise _failure(path, notebook, error) from None
    return notebook


def _interrupted(error: BaseException | None) -> bool:
    """Whether Ctrl-C began it: the kernel's clean-up may raise errors of its own on top.

    Waiting for a kernel that died is cancelled too, but that is no wish of the user's.
    """
    from nbclient.exceptions import DeadKernelError

    while error is not None and not isinstance(error, DeadKernelError):
        if isinstance(error, KeyboardInterrupt | asyncio.CancelledError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _short_directory() -> str:
    """A folder whose path leaves room for a UNIX socket's name (107 bytes in all)."""
    usual = tempfile.gettempdir()
    return usual if len(usual) < 60 or not os.access("/tmp", os.W_OK) else "/tmp"


def _manager(scratch: Path) -> Any:
    """A kernel manager that starts this interpreter, over sockets in `scratch` (no TCP port)."""
    from jupyter_client import AsyncKernelManager
    from jupyter_client.kernelspec import KernelSpec

    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    quiet = ["--HistoryManager.enabled=False", "--no-secure"]
    connection = str(scratch / "kernel.json")
    manager = AsyncKernelManager(transport="ipc", connection_file=connection)
    manager._kernel_spec = KernelSpec(argv=[*command, *quiet[:1]], language="python")
    return manager


def _environment(scratch: Path) -> dict[str, str]:
    """The kernel's environment: dateless figures, and nothing written to the user's home."""
    root = str(Path(__file__).resolve().parent.parent)
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    here = {"RESNET_REPORT": "1", "SOURCE_DATE_EPOCH": "0", "IPYTHONDIR": str(scratch / "ipython")}
    return {**os.environ, **here, "PYTHONPATH": os.pathsep.join(paths)}


def _failure(path: Path, notebook: Any, error: Exception) -> UserError:
    """One line for the terminal; the traceback and the notebook so far go to a file."""
    raised = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    ]
    if raised:
        said = f"{raised[0].ename}: {raised[0].evalue.splitlines()[0] if raised[0].evalue else ''}"
        trace = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(raised[0].traceback))
    else:
        said = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
        trace = "".join(traceback.format_exception(error))
    handle, name = tempfile.mkstemp(prefix=f"{path.stem}-", suffix=".traceback")
    with os.fdopen(handle, "w") as file:
        file.write(trace + "\n\n" + json.dumps(notebook.metadata, indent=1, default=str))
    return UserError(f"the notebook {path.name} failed: {said} (traceback in {name})")
