"""What happens to an error nobody foresaw: a line in the log file with a number, and the number for the people.

The log holds the traceback; the screen holds one sentence. Nothing typed or scanned is logged here, and whatever looks
like somebody's phone in what others say (a provider's answer, an error's text) is masked on its way into the file.
Times are Beijing's, whatever zone the machine is set to.
"""

from __future__ import annotations

import logging
import re
import secrets
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

from kiosk.rules.calendar import beijing_text
from kiosk.rules.text import for_paper

FILE_NAME: Final = "kiosk.log"
_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

_PHONE: Final = re.compile(r"(?<![0-9A-Za-z])(1[3-9][0-9])[0-9]{4}([0-9]{4})(?![0-9A-Za-z])", re.ASCII)

log = logging.getLogger(__name__)


class OneEntry(logging.Formatter):
    """One line an entry, below it the traceback, indented: no text in it can pass for another entry or a command.

    In Beijing time, phones masked.
    """

    def format(self, record: logging.LogRecord) -> str:
        head = for_paper(self.formatMessage(self._filled(record)))
        below = [self.formatException(record.exc_info)] if record.exc_info else []
        below += [self.formatStack(record.stack_info)] if record.stack_info else []
        lines = [head, *(f"    {line}" for text in below for line in for_paper(text, lines=True).split("\n"))]
        return _PHONE.sub(r"\1****\2", "\n".join(lines))

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802  the base's name
        return beijing_text(int(record.created * 1000))

    def _filled(self, record: logging.LogRecord) -> logging.LogRecord:
        record.message = record.getMessage()
        record.asctime = self.formatTime(record, self.datefmt)
        return record


def open_log(directory: Path) -> None:
    """Send the program's log to a file in `directory`; three files of one megabyte at most.

    Raises OSError when the file cannot be opened.
    """
    root = logging.getLogger()
    target = directory / FILE_NAME
    if any(isinstance(one, RotatingFileHandler) and one.baseFilename == str(target) for one in root.handlers):
        return
    handler = RotatingFileHandler(target, maxBytes=1_000_000, backupCount=2, encoding="utf-8", delay=True)
    handler.setFormatter(OneEntry("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    logging.raiseExceptions = False  # a log that cannot be written must not write over the screen instead
    root.setLevel(logging.INFO)
    logging.getLogger("httpx").setLevel(logging.WARNING)


def record(error: BaseException) -> str:
    """Log `error` with its traceback and return the reference number under which it is found."""
    reference = "".join(secrets.choice(_ALPHABET) for _ in range(6))
    log.error("reference %s", reference, exc_info=error)
    return reference
