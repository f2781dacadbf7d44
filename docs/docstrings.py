"""Docstrings as the site shows them: doctests as code, and `names` of what is documented as links."""

import re

import griffe

DOCTEST = re.compile(r"^>>> (?:.+\n?)+", re.MULTILINE)
NAME = re.compile(r"(?<!`)`([A-Za-z_][\w.]*)`(?!`)")


def linked(thing, name):
    """A reference to what is called ``name`` where ``thing`` is defined; if it is nowhere, code."""
    try:
        path = thing.resolve(name)
    except griffe.NameResolutionError:
        path = f"{thing.path}.{name}"
    return f'<autoref identifier="{path}" optional><code>{name}</code></autoref>'


class Docstrings(griffe.Extension):
    """Changes docstrings before they are parsed."""

    def on_object(self, *, obj, **kwargs):
        """Called by griffe for each module, class, function and attribute."""
        if obj.docstring is not None:
            text = DOCTEST.sub(lambda code: f"```pycon\n{code[0].rstrip()}\n```\n", obj.docstring.value)
            obj.docstring.value = NAME.sub(lambda name: linked(obj, name[1]), text)
