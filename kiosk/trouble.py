"""What happens to an error nobody foresaw: a line in the log file with a number, and the number for the people.

The log holds the traceback; the screen holds one sentence. Nothing typed or scanned is logged here.
"""

from __future__ import annotations

import logging
import secrets
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

FILE_NAME: Final = "kiosk.log"
_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

log = logging.getLogger(__name__)


def open_log(directory: Path) -> None:
    """Send the program's log to a file in `directory`; three files of one megabyte at most.

    Raises OSError when the file cannot be opened.
    """
    root = logging.getLogger()
    target = directory / FILE_NAME
    if any(isinstance(one, RotatingFileHandler) and one.baseFilename == str(target) for one in root.handlers):
        return
    handler = RotatingFileHandler(target, maxBytes=1_000_000, backupCount=2, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    logging.raiseExceptions = False  # a log that cannot be written must not write over the screen instead
    root.setLevel(logging.INFO)
    logging.getLogger("httpx").setLevel(logging.WARNING)


def record(error: BaseException) -> str:
    """Log `error` with its traceback and return the reference number under which it is found."""
    reference = "".join(secrets.choice(_ALPHABET) for _ in range(6))
    log.error("reference %s", reference, exc_info=error)
    return reference
