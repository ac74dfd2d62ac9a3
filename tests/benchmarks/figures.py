"""How figures are reckoned and printed."""

import os
import platform
import sqlite3
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the table: what was measured, in milliseconds, and what it is to be."""

    what: str
    samples: Sequence[float]
    goal: str = ""

    def cells(self, digits: int) -> list[str]:
        """The line's cells, with so many digits after the point."""
        worst = percentile(self.samples, 99)
        shown = [f"{value:.{digits}f}" for value in (statistics.median(self.samples), worst, max(self.samples))]
        return [self.what, str(len(self.samples)), *shown, self.goal]


def percentile(samples: Sequence[float], percent: int) -> float:
    """The value that so many percent of the samples do not exceed."""
    ordered = sorted(samples)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


@dataclass(frozen=True)
class Line:
    """One line of a table whose figures are of several kinds: what was measured, the same in what it is compared with,
    such as a floor, and what it is to be.
    """

    what: str
    figure: str
    beside: str
    goal: str


def spread(samples: Sequence[float]) -> str:
    """The median, the 99th percentile and the maximum."""
    return " / ".join(f"{value:.2f}" for value in (statistics.median(samples), percentile(samples, 99), max(samples)))


def print_table(figures: Iterable[Figure], *, digits: int = 1) -> None:
    """Print the figures as a Markdown table, below what they were measured on."""
    head = ["", "n", "median ms", "p99 ms", "max ms", "goal"]
    _print([head, *(figure.cells(digits) for figure in figures)])


def print_lines(name: str, lines: Iterable[Line], *, beside: str = "floor") -> None:
    """Print a table in the same way, under its name, with what the figures are compared with."""
    _print([[name, "figure", beside, "goal"], *([line.what, line.figure, line.beside, line.goal] for line in lines)])


def _print(lines: list[list[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    print(f"{machine()}\n")
    for line in lines:
        print(f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |")
    print()


def machine() -> str:
    """The machine in a line; its load says whether the figures can be trusted."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    system = f"{platform.system()} {platform.machine()}"
    return f"{os.cpu_count()} cores{load}, {system}, {python}, SQLite {sqlite3.sqlite_version}"
