"""Helpers for the text of messages: quote, shorten, list and count."""

from collections.abc import Sequence

__all__ = ["brief", "count", "listed", "quoted"]

LONGEST = 40  # characters of a text that messages show in full


def quoted(text: str) -> str:
    """``text`` in quotation marks, or its beginning if it is longer than 40 characters.

    >>> print(quoted("rent"), quoted(5000 * "9"))
    'rent' '9999999999999999999999999999999999999999'... (5000 characters)
    """
    return repr(text) if len(text) <= LONGEST else f"{text[:LONGEST]!r}... ({len(text)} characters)"


def brief(text: str) -> str:
    """``text`` unchanged, or its beginning in quotation marks if it is longer than 40 characters.

    >>> print(brief("rent"), brief(5000 * "9"))
    rent '9999999999999999999999999999999999999999'... (5000 characters)
    """
    return text if len(text) <= LONGEST else quoted(text)


def listed(names: Sequence[str], most: int) -> str:
    """The names with commas between them: all, or the first ``most`` and dots if there are more.

    >>> listed(["area", "rooms", "built"], 2)
    'area, rooms, ...'
    """
    return ", ".join([*map(brief, names[:most]), *(["..."] if len(names) > most else [])])


def count(n: int, what: str) -> str:
    """The number ``n`` and the noun ``what``, which is in the plural unless ``n`` is 1.

    >>> count(1, "row"), count(2, "batch")
    ('1 row', '2 batches')
    """
    return f"{n} {what}" if n == 1 else f"{n} {what}es" if what.endswith("tch") else f"{n} {what}s"
