"""Block: a run under way in a few lines of text, as wide and as high as there is room.

    zipcode newton  pass 7/23  ━━━━━━━━━╸━━━━━━━━━━━━━━━━━━━━━━━  30 %  12 s left
    1.21e-1 ⢇                               train  1.81e-2  102 misses   1.40 %
            ⠈⢆                              test   4.02e-2  118 misses   5.88 %
              ⠑⢄⡀                           12.3 µs per presentation
    1.66e-2     ⠈⠉⠒⠒⠤⠤
    missed  0: 3  1: 5  2: 22  3: 17  4: 18  5: 14  6: 10  7: 12  8: 19  9: 10

Read next: terminal.py, which shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from rich.text import Text

from sn.display import clipped, many, printable
from sn.progress.course import Course, duration
from sn.progress.plot import mark_of, plot
from sn.results.figures import error_text
from sn.results.record import PassRecord, Scores
from sn.train.stopping import deciding

STYLES = {"train": "cyan", "validation": "yellow", "test": "magenta"}
OTHERS = ("green", "magenta", "cyan", "yellow", "blue", "red")  # of curves that are no sets
SCALE = 9  # columns of a figure beside the plot, and a space
NARROWEST = 20  # columns of a plot that has something beside it
WIDEST = 60  # columns of a plot; chosen here: a wider one is flat
PANEL = 38  # columns of what stands beside it, at least
HIGHEST, LOWEST = 6, 2  # rows of a plot
MOST_LINES = 2  # of misses per class
BAR = 32


def block(course: Course, width: int, height: int, is_plain: bool = False) -> list[Text]:
    """Return at most `height` lines of at most `width` columns.

    Where it `is_plain`, curves are told apart by marks of ASCII, and not by colours.
    """
    lines = [_head(course, width, is_plain)]
    facts = _entries(course) if course.entries else _facts(course)
    facts += [Text(printable(course.said))] if course.said else []
    if is_plain and course.curves and height >= 5:
        facts = _marked(course, facts)
    below = _classes(course, width) if height >= 5 else []
    if course.curves and height >= 5:
        room = height - len(lines) - len(below)
        panel = max(PANEL, *(line.cell_len for line in facts), 0)
        if width >= SCALE + panel + NARROWEST:
            rows = min(max(HIGHEST, len(facts)), room)
            drawn = _plotted(course, min(width - SCALE - panel - 2, WIDEST), rows, is_plain)
            lines += _beside(drawn, facts, rows)
        else:
            rows = min(room - len(facts), HIGHEST)
            if rows >= LOWEST:
                lines += _plotted(course, min(width - SCALE, WIDEST), rows, is_plain)
            lines += facts
    else:
        lines += facts
    lines = [*lines[: height - len(below)], *below]
    for line in lines:
        line.no_wrap, line.overflow = True, "crop"
        line.truncate(width)
    return lines


def _head(course: Course, width: int, is_plain: bool) -> Text:
    """Return what is trained and how far it is."""
    where = f"{course.noun} {course.number}/{course.count}"
    if course.last is not None and course.last.phase:
        where += f", phase {course.last.phase}"
    left = "" if course.left is None else f"  {duration(course.left)} left"
    share = f"{int(100 * course.share):>3} %"
    title = f"{clipped(course.title)}  " if course.title else ""
    room = width - len(title) - len(where) - len(share) - len(left) - 4
    if room < 5 and title:
        title, room = "", room + len(title)
    line = Text().append(title, style="bold").append(f"{where}  ")
    if room >= 5:
        line.append_text(_bar(course.share, min(room, BAR), is_plain)).append("  ")
    return line.append(f"{share}{left}")


def _bar(share: float, width: int, is_plain: bool) -> Text:
    full, half, empty = ("#", "-", "-") if is_plain else ("━", "╸", "━")
    halves = int(2 * width * share)
    done = full * (halves // 2) + half * (halves % 2)
    line = Text().append(done, style="green")
    return line.append(empty * (width - len(done)), style="bright_black")


def _facts(course: Course) -> list[Text]:
    """Return the scores of the last pass, the best one, and the speed."""
    lines = []
    last = course.last
    if last is not None:
        lines = [_scores(name, scores) for name, scores in last.sets.items()]
        if course.best is not None and course.best.number != last.number:
            lines.append(_best(course.best))
    if course.microseconds is not None:
        lines.append(Text(f"{course.microseconds:.3g} µs per presentation"))
    return lines


def _entries(course: Course) -> list[Text]:
    """Return how the runs of each entry of a comparison ended, in the mean."""
    lines = []
    for index, (label, several) in enumerate(course.entries.items()):
        scores = [one.end.sets[one.end.telling] for one in several]
        error = sum(one.half_squares for one in scores) / len(scores)
        line = Text().append(f"{clipped(label)[:12]:<12}", style=OTHERS[index % len(OTHERS)])
        line.append(f" {len(scores):>3}x {error_text(error):>8}")
        misses = [one.misses for one in scores if one.misses is not None]
        if misses:
            line.append(f" {sum(misses) / len(misses):>7.1f} misses")
        lines.append(line)
    return lines


def _marked(course: Course, facts: Sequence[Text]) -> list[Text]:
    """Return facts with the mark of its curve before each line that tells of one."""
    names = list(course.curves)
    marks = [mark_of(index, len(names)) for index in range(len(names))]
    lead = [*marks, *" " * max(len(facts) - len(names), 0)]
    return [Text(f"{mark} ").append_text(line) for mark, line in zip(lead, facts, strict=False)]


def _scores(name: str, scores: Scores) -> Text:
    line = Text().append(f"{name[:5]:<5}", style=STYLES[name])
    line.append(f" {error_text(scores.error):>8}")
    if scores.misses is not None:
        digits = len(str(scores.patterns))
        said = many(scores.misses, "miss").rjust(digits + 7)
        line.append(f"  {said} {scores.percent:>6.2f} %")
    return line


def _best(record: PassRecord) -> Text:
    said = f"best  {error_text(deciding(record).error):>8}  pass {record.number} (validation)"
    return Text(said)


def _plotted(course: Course, width: int, height: int, is_plain: bool) -> list[Text]:
    """Return the curves with what the ends of their scale are."""
    names = list(course.curves)
    drawn = plot([course.curves[name] for name in names], width, height, is_plain)
    styles = [STYLES.get(name, OTHERS[index % len(OTHERS)]) for index, name in enumerate(names)]
    lines = []
    for number, row in enumerate(drawn.rows):
        said = {0: drawn.top, height - 1: drawn.bottom}.get(number)
        line = Text().append("" if said is None else error_text(said), style="bright_black")
        line.pad_right(SCALE - len(line))
        for index, cells in groupby(row, key=itemgetter(1)):
            line.append(
                "".join(char for char, _ in cells), None if index is None else styles[index]
            )
        lines.append(line)
    return lines


def _beside(drawn: Sequence[Text], facts: Sequence[Text], rows: int) -> list[Text]:
    lines = []
    for number in range(rows):
        line = drawn[number]
        if number < len(facts):
            line = line.append("  ").append_text(facts[number])
        lines.append(line)
    return lines


def _classes(course: Course, width: int) -> list[Text]:
    """Return the misses of each class; where there is no room for all, those of the worst."""
    if not course.missed:
        return []
    both = zip(course.names, course.missed, strict=True)
    pairs = [(clipped(name), misses) for name, misses in both]
    lines = _folded(pairs, "missed", width)
    if len(lines) > MOST_LINES:
        worst = sorted((pair for pair in pairs if pair[1]), key=lambda pair: -pair[1])
        lines = _folded(worst, "missed most", width)[:1]
    return lines


def _folded(pairs: Sequence[tuple[str, int]], lead: str, width: int) -> list[Text]:
    most = max((misses for _, misses in pairs), default=0)
    lines = [Text().append(lead, style="bright_black")]
    for name, misses in pairs:
        style = "bold" if misses and misses == most else "" if misses else "bright_black"
        said = Text(f"  {name}: ").append(str(misses), style=style)
        if lines[-1].cell_len + said.cell_len > width and lines[-1].cell_len > len(lead):
            lines.append(Text(" " * len(lead)))
        lines[-1].append_text(said)
    return lines
