"""Files that are whole or not there: written beside their place and moved into it."""

import contextlib
import io
import json
import math
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from resnet.errors import first_line


def write_atomic(path: Path, write: Callable[[IO[bytes]], Any]) -> None:
    """Let `write` fill a file that then takes the place of `path` in one rename.

    The temporary file lies in the same folder: a rename across file systems is a copy, and a
    copy can be cut in half.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), 0o644)  # colleagues read each other's runs
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise


def home(root: Path) -> Path:
    """Where goes what comes of the runs in `root`: beside a folder named runs, else into `root`.

    The parent of another folder (/scratch/me) need not be the user's to write into.
    """
    return root.parent if root.name == "runs" else root


def remove_left_over(folder: Path, pattern: str) -> None:
    """Remove what killed writes of files named `pattern` left in `folder`, while nobody writes."""
    for path in folder.glob(f".{pattern}.*"):
        path.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, atomically."""
    text = json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n"
    write_atomic(path, lambda file: file.write(text.encode()))


def finite(numbers: Mapping[str, float]) -> dict[str, float]:
    """What of `numbers` the record can hold: its JSON knows no NaN and no infinity."""
    return {name: number for name, number in numbers.items() if math.isfinite(number)}


def read_json(path: Path) -> Any:
    """The JSON value in `path`; ValueError when it is cut or altered beyond parsing."""
    return json.loads(path.read_bytes())


def write_tensors(path: Path, state: dict[str, Any]) -> None:
    """Write tensors as PyTorch does, atomically."""
    import torch

    # torch.save calls a full disk a RuntimeError of its own; a plain write says what it is.
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_atomic(path, lambda file: file.write(buffer.getbuffer()))


def read_tensors(path: Path) -> dict[str, Any]:
    """What `write_tensors` wrote, on the CPU.

    Raises:
        ValueError: the file is cut, or none of ours.
        OSError, MemoryError: it cannot be read now, which says nothing against it.
    """
    import torch

    content = io.BytesIO(path.read_bytes())  # torch would call an error of the disk one of its own
    try:
        return torch.load(content, map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception as error:  # torch raises half a dozen kinds for one cut file
        raise ValueError(first_line(error)) from None
