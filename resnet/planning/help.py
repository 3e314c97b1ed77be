"""The layout of --help: a line never ends within a name, `resnet20-from-animals@two-rates` say."""

import argparse
import re
import textwrap

BREAKS = re.compile(r"(\s+)|(?<=,)(?=[^\s\d])")  # between names in a list, not within 5,410


class Help(argparse.HelpFormatter):
    """Argparse's usual layout, with lines that end at blanks and after commas alone."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return Lines(width).wrap(text.strip())

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return Lines(width, initial_indent=indent, subsequent_indent=indent).fill(text.strip())


class Lines(textwrap.TextWrapper):
    """Text as lines of at most `width` signs, but for a name that is longer."""

    def __init__(self, width: int, **layout: str) -> None:
        super().__init__(width, break_long_words=False, **layout)  # type: ignore[arg-type]

    def _split(self, text: str) -> list[str]:
        return [chunk for chunk in BREAKS.split(" ".join(text.split())) if chunk]
