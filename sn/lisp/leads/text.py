"""Text: what was meant by characters that the reader cannot take, or would take for a name."""

from __future__ import annotations

import re
import unicodedata

from sn.lisp.characters import DASHES, DOUBLE_QUOTES, FULL_WIDTH, ODD, SINGLE_QUOTES
from sn.lisp.leads.writing import LONGEST

COMMENT = "a comment starts with ; and ends with the line"
_FULL = re.compile(f"[{FULL_WIDTH}]")
_BEFORE_COMMA = re.compile(r"[+-]?[0-9]+$")
_AFTER_COMMA = re.compile(r"[0-9]+(?:[eE][+-]?[0-9]+)?(?![\w.,])")
_BEFORE_CARET = re.compile(r"[\w.-]+$")
_NAME = re.compile(r"(?<![\[^])\b[a-zA-Z][\w-]*\Z")
_POWER = re.compile(r"\^(\(?[+-]?[\w.]+)")
_WORDS = {"#t": "t", "#true": "t", "#f": "()", "#false": "()", "#nil": "()"}


def rest_of_line(text: str, start: int) -> str:
    """Return what stands on the line from `start` on, without blanks around it."""
    end = text.find("\n", start)
    return text[start : len(text) if end < 0 else end].strip()


def commented(text: str, start: int) -> str:
    """Return the hint that shows the rest of a line as a comment of SN."""
    words = rest_of_line(text, start)
    shown = f"; {words}" if len(words) <= LONGEST else f"; {words[:LONGEST]}..."
    return f"{COMMENT}: {shown.rstrip()}"


def sharp(text: str, start: int) -> tuple[str, int, str] | None:
    """Return message, length and hint for a `#` or `^` that is no macro-character of SN, None
    where it may be one that the program did not define.
    """
    if text[start] == "^":
        return _power(text, start)
    word = re.compile(r"#[\w']*").match(text, start)
    found = word[0] if word else "#"
    if found.lower() in _WORDS:
        ours = _WORDS[found.lower()]
        return f"'{found}' is no word of SN", len(found), f"write {ours}: t is true, () is false"
    follows = text[start + 1 : start + 2]
    if follows == "|":
        return "'#|' starts no comment in SN", 2, f"{COMMENT}; #! ... !# is one of many lines"
    if follows == "(":
        return "'#(' starts nothing in SN", 2, "a matrix is written [1 2 3], a list '(1 2 3)"
    if follows == "'":
        return "'#'' starts nothing in SN", 2, "a function is the value of its name: write it alone"
    if len(found) > 2 or not follows.strip() or follows == "#":
        return "'#' starts no comment in SN", 1, commented(text, start + len(_marks(text, start)))
    return None


def _marks(text: str, start: int) -> str:
    match = re.compile(r"#+").match(text, start)
    return match[0] if match else ""


def _power(text: str, start: int) -> tuple[str, int, str] | None:
    line = text[text.rfind("\n", 0, start) + 1 : start]
    base, power = _BEFORE_CARET.search(line), _POWER.match(text, start)
    if base and power and "(" not in power[1]:
        hint = f"a power is written (** {base[0]} {power[1]})"
        if base[0] == "10":
            hint += f", this number also 1e{power[1]}"
        return "'^' is no operator between two values", 1, hint
    if text[start + 1 : start + 2].isspace():
        return "'^' is no function of SN", 1, "a power is written (** x y)"
    return None


def comma(text: str, start: int) -> str:
    """Return the hint for a comma outside a backquote."""
    line = text[text.rfind("\n", 0, start) + 1 : start]
    before, after = _BEFORE_COMMA.search(line), _AFTER_COMMA.match(text, start + 1)
    if before is None or after is None:
        if text[start + 1 : start + 2] == "@":
            return "a comma marks what to evaluate inside `( ... )"
        return "blanks alone separate what stands in a list" + _without_commas(text, start)
    whole, part = before[0], after[0]
    if len(whole) + len(part) > LONGEST:
        return "blanks alone separate what stands in a list; the decimal point is a dot"
    point = f"the decimal point is a dot: {whole}.{part}"
    if whole.lstrip("+-") == "0" and len(part) > 1:
        return point
    if len(part) == 3 and part.isdigit():
        return f"digits stand together, {whole}{part}; {point}"
    return f"blanks separate the elements of a list, {whole} {part}; {point}"


def _without_commas(text: str, start: int) -> str:
    """Return the list around a comma without its commas, as the end of a hint."""
    depth, first = 0, start
    while first >= 0 and text[first] != "\n":
        depth += {")": 1, "]": 1, "(": -1, "[": -1}.get(text[first], 0)
        if depth < 0:
            break
        first -= 1
    if depth >= 0:
        return ""
    depth, last = 0, first
    for last in range(first, min(len(text), first + 2 * LONGEST)):
        depth += {")": -1, "]": -1, "(": 1, "[": 1}.get(text[last], 0)
        if depth == 0 or text[last] in '\n"':
            break
    shown = re.sub(r"\s*,\s*", " ", text[first : last + 1]).replace(" )", ")")
    return f": {shown}" if depth == 0 and len(shown) <= LONGEST else ""


def closing_quote(text: str, start: int) -> str | None:
    """Return the hint for a `'` right behind a word that ends something, as in 'text'."""
    before, after = text[start - 1 : start] if start else "", text[start + 1 : start + 2]
    if not re.fullmatch(r"[^\s()\[\]\"';`,|~]", before) or not re.fullmatch(r"[\s)\]]?", after):
        return None
    if text[max(0, start - 2) : start - 1] == "^" or text[max(0, start - 2) : start] == ",@":
        return None  # ^P' x prints (quote x), ,@' x splices it
    line = text.rfind("\n", 0, start) + 1
    opened = text.rfind("'", line, start)
    words = text[opened + 1 : start] if opened >= 0 else ""
    shown = f'"{words}"' if words and len(words) <= LONGEST else '"..."'
    return f"a string stands between double quotes: {shown}"


def subscript(text: str, start: int) -> str | None:
    """Return the hint for `m[0]`, a `[` right behind a name."""
    first = start  # asked of each [ of a program: no further back than the word goes
    while first and (text[first - 1].isalnum() or text[first - 1] in "-_"):
        first -= 1
    name = _NAME.search(text, first, start)
    if name is None or text[start] != "[":
        return None  # [i[1 2]] is a matrix of whole numbers, ^P[1 2] prints one
    inside = re.match(r"\[([\w\s+-]+)\]", rest_of_line(text, start))
    index = inside[1] if inside else "0"
    return f"an element of a matrix is ({name[0]} {index}), of a list (nth {index} {name[0]})"


def control(char: str) -> str:
    """Return the hint for a control character in a program."""
    if char == "\0":
        return "a file in UTF-16 has a 0 beside each letter: save it as UTF-8"
    return "a program is a text in UTF-8; is this file one?"


def odd(text: str, start: int, end: int) -> tuple[int, str, str] | None:
    """Return place, message and hint for a word with a character that only looks right."""
    match = ODD.search(text, start, end)
    if match is None:
        return None
    char, word = match[0], text[start:end]
    place, code = match.start(), f"U+{ord(char):04X}"
    name = unicodedata.name(char, "").lower()
    if char in DOUBLE_QUOTES:
        return place, f"{char} is no quote of SN", _quoted(text, place)
    if char in SINGLE_QUOTES:
        is_quote = place == start and end == start + 1 and text[end : end + 1] in ("(", "[")
        hint = f"write '{text[end]}, with the plain quote" if is_quote else _quoted(text, place)
        return place, f"{char} is no quote of SN", hint
    if char in DASHES:
        plain = re.sub(f"[{DASHES}]", "-", word)[:LONGEST]
        return place, f"{char} is the character {code}, {name}", f"write {plain}"
    if _FULL.match(char):
        plain = unicodedata.normalize("NFKC", word)[:LONGEST]
        hint = f"write {plain}"
        if char in "\uff0c\uff1b":
            hint = COMMENT if char == "\uff1b" else "blanks alone separate what stands in a list"
        return place, f"{char} is the character {code}, {name}", hint
    shown = ODD.sub("", word)[:LONGEST]
    return (
        place,
        f"the invisible character {code}, {name}, stands in {shown or 'a word'}",
        ("delete it; it came with text that was pasted"),
    )


def _quoted(text: str, place: int) -> str:
    """Return the hint for a quote of a text program: what it holds between quotes of SN."""
    words = re.split(f"[{DOUBLE_QUOTES}{SINGLE_QUOTES}]", rest_of_line(text, place + 1))
    if len(words) > 1 and 0 < len(words[0]) <= LONGEST:
        return f'a string stands between plain double quotes: write "{words[0]}"'
    return "a string stands between plain double quotes, '(1 2) keeps a list from being called"
