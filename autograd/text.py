"""The words of messages: what is counted, cut and listed in them."""

from collections.abc import Sequence

__all__ = ["brief", "count", "cut", "listed"]

LONGEST = 40  # characters of a text that messages show


def cut(text: str) -> str:
    """A text in quotation marks: of a very long one the beginning.

    >>> print(cut("rent"), cut(5000 * "9"))
    'rent' '9999999999999999999999999999999999999999'... (5000 characters)
    """
    return repr(text) if len(text) <= LONGEST else f"{text[:LONGEST]!r}... ({len(text)} characters)"


def brief(text: str) -> str:
    """A text as it is; of a very long one the beginning, in quotation marks.

    >>> print(brief("rent"), brief(5000 * "9"))
    rent '9999999999999999999999999999999999999999'... (5000 characters)
    """
    return text if len(text) <= LONGEST else cut(text)


def listed(names: Sequence[str], most: int) -> str:
    """Names in a row, or the first of them if there are more than ``most``.

    >>> listed(["area", "rooms", "built"], 2)
    'area, rooms, ...'
    """
    return ", ".join([*map(brief, names[:most]), *(["..."] if len(names) > most else [])])


def count(n: int, what: str) -> str:
    """A number of things, with the plural of their name where there is not just one.

    >>> count(1, "row"), count(2, "batch")
    ('1 row', '2 batches')
    """
    return f"{n} {what}" if n == 1 else f"{n} {what}es" if what.endswith("tch") else f"{n} {what}s"
