"""`sql QUERY => VALUE`: a read-only question to the store beside the running application."""

from pathlib import Path
from typing import Final

NULL: Final = "NULL"


def ask(directory: Path, query: str) -> str:
    """The first column of the first row as text: NULL as `NULL`, bytes in hexadecimal, no row at all as empty text.

    Raises ValueError when the query is no readable SQL or would change anything.
    """
    import apsw

    from data.database import STORE_FILE, StoreDamaged, connect

    try:
        connection = connect(directory / STORE_FILE, read_only=True)
        try:
            row = connection.execute(query).fetchone()
        finally:
            connection.close()
    except (apsw.Error, StoreDamaged) as error:
        raise ValueError(f"the store cannot answer: {error}") from error
    if row is None:
        return ""
    value: object = row[0]
    if isinstance(value, bytes):
        return value.hex()
    return NULL if value is None else str(value)
