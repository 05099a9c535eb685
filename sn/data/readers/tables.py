"""Tables: from the bytes of a text file to rows of fields, with the place of each field.

The separator and whether there is a header are found out from the first rows, unless they are
given. Quoted fields are those of RFC 4180; Python's csv module reads them.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sn.codes import Code
from sn.errors import DataError, Span
from sn.memory.files import claim, read_file

# Tab and semicolon come first: the fields of such files hold commas, seldom the other way round.
SEPARATORS = ("\t", ";", ",", "|", " ")
MOST_COLUMNS = 2**18  # chosen here: a picture of 256 x 256 colours in a row
SAMPLE = 50  # records; chosen here: enough to see how rows look
LONGEST = 40  # characters of a field in a message; chosen here
# Of a block; chosen here: strings that stay in the caches, which is a third faster as measured.
BLOCK_ROWS, BLOCK_FIELDS = 1024, 2**18

_NAMES = {"\t": "tab", " ": "blanks"}
_OTHER_FILES = {
    b"\x1f\x8b": ("a gzip file", "unpack it first"),
    b"PK\x03\x04": ("a zip archive", "of a spreadsheet, save the sheet as CSV"),
    b"\xff\xfe": ("text in UTF-16", "save it as UTF-8"),
    b"\xfe\xff": ("text in UTF-16", "save it as UTF-8"),
}

# What no table has, and what would command the terminal that a message is shown on.
_CONTROL = bytes({*range(32), 127} - set(b"\t\n\r"))

Row = list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """The text of a file and how it is divided.

    names: of the columns, "" for one without; first_line: of the first row, whose fields count;
    may_have_header: whether a hint may speak of one
    """

    file: str
    text: str
    separator: str
    has_header: bool
    names: tuple[str, ...]
    first_line: int
    may_have_header: bool = True

    @property
    def width(self) -> int:
        """How many columns there are."""
        return len(self.names)

    def blocks(self) -> Iterator[tuple[list[int], list[Row]]]:
        """Yield the rows in blocks: the line of each, and its fields.

        Raises: DataError for a row with more or fewer fields than the first.
        """
        records = _records(self.text, self.separator)
        most = min(BLOCK_ROWS, max(16, BLOCK_FIELDS // self.width))
        lines: list[int] = []
        rows: list[Row] = []
        try:
            if self.has_header:
                next(records)
            for line, row in records:
                if len(row) != self.width:
                    raise self._ragged(line, row)
                lines.append(line)
                rows.append(row)
                if len(rows) == most:
                    yield lines, rows
                    lines, rows = [], []
        except _BadQuotesError as error:
            raise _badly_quoted(self.file, error) from error
        if rows:
            yield lines, rows

    def title(self, column: int) -> str:
        """Return a column as messages call it: its number, and its name if it has one."""
        name = self.names[column]
        return f"column {column} ({shown(name)})" if name else f"column {column}"

    def may_be_header(self, line: int) -> bool:
        """Whether a line is the first, and would be a header if the user said so."""
        return self.may_have_header and not self.has_header and line == self.first_line

    def wrong(self, line: int, column: int, text: str, hint: str | None = None) -> DataError:
        """Return the error for a field of the row that starts in a line."""
        if hint is None and self.may_be_header(line):
            hint = "(header yes) takes the first line for the names of the columns"
        return DataError(
            f"{self.title(column)}: {text}",
            span=self._span(line, column),
            hint=hint,
            code=Code.FIELD,
        )

    def more_columns(self) -> str | None:
        """Return a hint with the separators by which the rows have more columns, if there are."""
        found = {
            separator: _common_width(self.text, separator)[0]
            for separator in SEPARATORS
            if separator not in (self.separator, " ")
        }
        words = [
            f'(separator "{separator}") finds {width}'
            for separator, width in found.items()
            if width > self.width
        ]
        return "; ".join(words).replace("\t", "\\t") or None

    def _span(self, line: int, column: int) -> Span:
        """Return the place of a field: where its text starts and ends."""
        lines = islice(io.StringIO(self.text, newline=""), line - 1, None)
        return _field_span(self.file, line, lines, column, self.separator)

    def _ragged(self, line: int, row: Row) -> DataError:
        count = len(row)
        text = f"expected {self.width} fields, as in line {self.first_line}, found {count}"
        hint = f"every row needs the same columns, divided by {separator_name(self.separator)}"
        if self.separator == "," and count > self.width:
            hint += '; a field with a comma in it is written "in, quotes"'
        return DataError(text, span=self._span(line, min(count, self.width)), hint=hint)


class _BadQuotesError(Exception):
    """A row cannot be divided into fields; `line` is where it starts."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def _badly_quoted(file: str, error: _BadQuotesError) -> DataError:
    reason = str(error)
    text = "the row that starts here is badly quoted"
    if reason.startswith("it has more"):
        text = "the row that starts here is too long for a pattern, or badly quoted"
    return DataError(
        f"{text}: {reason}",
        span=Span(file, error.line, 1, error.line, 1),
        hint='a quoted field starts and ends with ", and a quote inside is written ""',
    )


def separator_name(separator: str) -> str:
    """Return a separator in words."""
    return _NAMES.get(separator, f"'{separator}'")


def read_table(
    path: Path,
    separator: str | None = None,
    header: bool | None = None,
    expected: tuple[str, ...] = (),
    may_have_header: bool = True,
) -> Table:
    """Return a file as a table; what is None is found out.

    expected: names of columns that a header, if there is one, has

    Raises: DataError as `table_of` does, and when the file cannot be read.
    """
    return table_of(read_file(path), str(path), separator, header, expected, may_have_header)


def table_of(
    raw: bytes,
    path: str,
    separator: str | None = None,
    header: bool | None = None,
    expected: tuple[str, ...] = (),
    may_have_header: bool = True,
) -> Table:
    """Return the content of a file as a table; `path` is for messages.

    Raises: DataError when it is empty, not UTF-8 text or has one column where another separator
    finds more.
    """
    text = decoded(raw, path)
    chosen = _guessed_separator(text) if separator is None else separator
    try:
        sample = _sample(text, chosen)
    except _BadQuotesError as error:
        raise _badly_quoted(path, error) from error
    if not sample:
        raise DataError(f"{path} is empty", hint="a table has a row for each pattern")
    first_line, first = sample[0]
    rows = [row for _, row in sample[1:] if len(row) == len(first)]
    has_header = header
    if has_header is None:
        is_known = any(expected) and {*expected} <= {name.strip() for name in first}
        has_header = is_known or _is_header(first, rows)
    names = tuple(name.strip() if has_header else "" for name in first)
    table = Table(path, text, chosen, has_header, names, first_line, may_have_header)
    if has_header and len(sample) == 1:
        raise DataError(
            f"{path} has a header and no rows",
            hint="(header no) takes the first line for a pattern",
        )
    if separator is not None and table.width == 1 and (hint := table.more_columns()):
        text = f"{path} has one column when divided by {separator_name(separator)}"
        hint = hint if may_have_header else '(csv "FILE" ...) reads tables with other separators'
        raise DataError(text, hint=hint)
    return table


def shown(text: str) -> str:
    """Return a field as a message shows it: quoted, without control characters, not too long."""
    return repr(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")


def is_number(text: str) -> bool:
    """Whether a field is a number; NaN and infinity are."""
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text and text.isascii()  # Python's literals may have both


def decoded(raw: bytes, path: Path | str) -> str:
    """Return the text in the bytes of a file.

    Raises: DataError, with the place, when they are not text in UTF-8.
    """
    for start, (found, hint) in _OTHER_FILES.items():
        if raw.startswith(start):
            raise DataError(f"{path}: expected a table as text, found {found}", hint=hint)
    raw = raw.removesuffix(b"\x1a")  # the end of a file of DOS
    if len(raw.translate(None, _CONTROL)) < len(raw):
        at = next(at for at, byte in enumerate(raw) if byte in _CONTROL)
        text = f"expected text, found the control character 0x{raw[at]:02x}"
        raise DataError(text, span=_byte_span(path, raw, at))
    claim(len(raw) if raw.isascii() else 4 * len(raw), "its text", path)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"expected text in UTF-8, found the byte 0x{raw[error.start]:02x}",
            span=_byte_span(path, raw, error.start),
            hint="save the file as UTF-8; files of older programs are often Latin-1",
        ) from None


def _byte_span(path: Path | str, raw: bytes, at: int) -> Span:
    """Return the place of a byte."""
    line = raw.count(b"\n", 0, at) + 1
    start_of_line = raw.rfind(b"\n", 0, at) + 1
    column = len(raw[start_of_line:at].decode("utf-8", "replace")) + 1
    return Span(str(path), line, column, line, column)


def _records(text: str, separator: str) -> Iterator[tuple[int, Row]]:
    """Yield each row that is not blank: the line in which it starts, and its fields."""
    lines: Iterator[str] = io.StringIO(text, newline="")
    if separator == " ":
        lines = (line.replace("\t", " ").rstrip() + "\n" for line in lines)
    left = MOST_COLUMNS

    def held() -> Iterator[str]:
        """Yield the lines; a row that goes over many of them is held to what one may have."""
        nonlocal left
        for line in lines:
            left -= line.count(separator)
            if left < 0:
                raise csv.Error(f"it has more than {MOST_COLUMNS:,} fields")
            yield line

    rows = csv.reader(held(), delimiter=separator, skipinitialspace=True, strict=True)
    line = 1
    try:
        for row in rows:
            left = MOST_COLUMNS
            if row and (len(row) > 1 or row[0].strip()):
                yield line, row
            line = rows.line_num + 1
    except csv.Error as error:
        reason = str(error)
        if reason.startswith("field larger"):
            reason = f"a field has more than {csv.field_size_limit():,} letters"
        raise _BadQuotesError(line, reason) from error


def _sample(text: str, separator: str) -> list[tuple[int, Row]]:
    """Return the first rows, up to one that is badly quoted, unless it is the first."""
    found: list[tuple[int, Row]] = []
    try:
        for record in islice(_records(text, separator), SAMPLE):
            found.append(record)
    except _BadQuotesError:
        if not found:
            raise
    return found


def _common_width(text: str, separator: str) -> tuple[int, float]:
    """Return how many fields most of the first rows have, and the share of those rows."""
    try:
        rows = _sample(text, separator)
    except _BadQuotesError:
        return 0, 0.0
    if not rows:
        return 0, 0.0
    width, count = Counter(len(row) for _, row in rows).most_common(1)[0]
    return width, count / len(rows)


def _guessed_separator(text: str) -> str:
    """Return the first separator by which all rows have as many fields, or nearly all.

    Ragged rows are told later; here they only must not hide the separator.
    """
    widths = {separator: _common_width(text, separator) for separator in SEPARATORS}
    fitting = {separator: share for separator, (width, share) in widths.items() if width > 1}
    if not fitting:
        return ","
    best = max(fitting.values())
    return next(separator for separator, share in fitting.items() if share == best)


def _is_header(first: Row, rows: list[Row]) -> bool:
    """Whether a first row holds the names of the columns.

    No name is a number. A column of numbers below says so; where all is text, names differ from
    each other and none stands in its own column.
    """
    names = [field.strip() for field in first]
    if any(map(is_number, names)) or not rows or not any(names):
        return False
    columns = list(zip(*rows, strict=True))
    if any(all(is_number(field) for field in column) for column in columns):
        return True
    if len(set(names)) < len(names) or len(rows) < 2 or not all(names):
        return False
    return not any(
        name in {field.strip() for field in column}
        for name, column in zip(names, columns, strict=True)
    )


def _field_span(file: str, line: int, lines: Iterator[str], column: int, separator: str) -> Span:
    """Return where a field stands in the lines of its row; the end for one behind the last."""
    field, is_quoted, is_start = 0, False, True
    start: tuple[int, int] | None = None
    at = end = (line, 1)
    ends = ("\t", " ") if separator == " " else (separator,)
    for number, content in enumerate(lines, line):
        body = content.rstrip("\r\n")
        for place, char in enumerate(body, 1):
            at = (number, place)
            if is_start and char in " \t" and (char != separator or separator == " "):
                continue
            if start is None and field == column:
                start = at
            if char in ends and not is_quoted:
                if field == column:
                    return _span_of(file, start or at, end)
                field, is_start = field + 1, True
                continue
            if char == '"' and (is_start or is_quoted):
                is_quoted = not is_quoted
            is_start, end = False, at
        if not is_quoted:
            break
    if field == column and start is None:
        start = (at[0], at[1] + 1)  # an empty field at the end of a row
    return _span_of(file, start or at, end)


def _span_of(file: str, start: tuple[int, int], end: tuple[int, int]) -> Span:
    """Return a span from one place to another; an empty field gets one caret."""
    return Span(file, *start, *max(start, end))
