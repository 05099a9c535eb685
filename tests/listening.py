"""Who listens to a prompt in tests, and writes down what is told."""

from __future__ import annotations

from sn.errors import SnError
from sn.results.check_report import CheckReport


class Listener:
    """A person who writes down what is told."""

    def __init__(self) -> None:
        self.errors: list[SnError] = []
        self.said: list[str] = []
        self.faults: list[Exception] = []
        self.reports: list[CheckReport] = []

    def tell(self, error: SnError) -> None:
        self.errors.append(error)

    def fault(self, error: Exception) -> None:
        self.faults.append(error)

    def say(self, text: str) -> None:
        self.said.append(text)

    @property
    def width(self) -> int | None:
        return None

    def show_parts(self, report: CheckReport) -> None:
        self.reports.append(report)
