"""The bytes of a photograph, and whose fault it is where there are none: the file's or not."""

from __future__ import annotations

import errno
import os
import time

from resnet.data.imagenet.decode import CorruptImage
from resnet.data.imagenet.sets import Photographs
from resnet.errors import UserError

OF_THE_FILE = (errno.ENOENT, errno.EACCES, errno.EISDIR)
WAITS = (0.1, 1.0, 5.0)  # seconds before each further try: what a file server may be away for


class CannotRead(UserError):
    """The machine does not read now, which says nothing against the photograph."""


def read(split: Photographs, number: int) -> bytes:
    """The bytes of photograph `number`.

    Raises:
        CorruptImage: there is no such file, or none that may be read.
        CannotRead: the machine failed, at several tries; the run can go on once it does not.
    """
    path = split.path(number)
    for wait in (*WAITS, None):
        try:
            return path.read_bytes()
        except OSError as error:
            why = error.strerror or str(error)
            # Without its folder no file is there: that is a disk which is away.
            if error.errno in OF_THE_FILE and os.path.isdir(split.folder):
                raise CorruptImage(why) from None
        if wait is not None:
            time.sleep(wait)
    raise CannotRead(
        f"photograph {path} cannot be read now ({why.lower()}; tried {len(WAITS) + 1} times): "
        "see to the disk or the file server; the same command then goes on"
    )
