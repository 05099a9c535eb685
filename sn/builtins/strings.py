"""Builtins on strings and symbol names. Positions count from 1, as everywhere in SN."""

from __future__ import annotations

from sn.display import number_text
from sn.errors import EvalError
from sn.lisp.calls import builtin
from sn.lisp.forms import NUMBER, Symbol, Value, fold
from sn.lisp.machine import Machine
from sn.lisp.sizes import SMALL, need_text


@builtin("stringp")
def stringp(x: Value) -> Value:
    """(stringp x)

    Return x if it is a string, else ().

    (stringp "x")
    => "x"
    """
    return x if type(x) is str else None


@builtin("len")
def len_(string: str) -> int:
    """(len string)

    Return the number of characters.

    (len "abc")
    => 3
    """
    return len(string)


@builtin("concat")
def concat(*strings: str) -> str:
    """(concat strings...)

    Join strings.

    (concat "ab" "cd" "e")
    => "abcde"
    """
    if len(strings) > 100:
        need_text(*strings)
    else:
        for string in strings:  # a tenth of a microsecond; a sum takes three
            if len(string) > SMALL:
                need_text(*strings)
                break
    return "".join(strings)


def _count(name: str, n: int) -> int:
    if n < 0:
        raise EvalError(f"{name} needs a count that is not negative, found {number_text(n)}")
    return n


@builtin("left")
def left(string: str, n: int) -> str:
    """(left string n)

    Return the first n characters; the whole string if it is shorter.

    (left "abcdef" 2)
    => "ab"
    """
    return string[: _count("left", n)]


@builtin("right")
def right(string: str, n: int) -> str:
    """(right string n)

    Return the last n characters; the whole string if it is shorter.

    (right "abcdef" 2)
    => "ef"
    """
    return string[max(0, len(string) - _count("right", n)) :]


@builtin("mid")
def mid(string: str, start: int, n: int | None = None) -> str:
    """(mid string start [n])

    Return n characters from position start on, which is 1 for the first; all of them without n.

    (mid "abcdef" 2 3)
    => "bcd"
    """
    if start < 1:
        raise EvalError(f"mid counts positions from 1, found {number_text(start)}")
    end = None if n is None else start - 1 + _count("mid", n)
    return string[start - 1 : end]


@builtin("index")
def index(needle: str, string: str, start: int | None = None) -> Value:
    """(index needle string [start])

    Return the position, from 1, at which needle first occurs in string at or after start; ()
    if it does not. A start below 1 is the first character.

    (index "cd" "abcdef")
    => 3
    """
    found = string.find(needle, max(0, (start or 1) - 1))
    return float(found + 1) if found >= 0 else None


@builtin("val")
def val(string: str) -> Value:
    """(val string)

    Return the number that a string spells, () if it spells none.

    (val "0x1f")
    => 31
    """
    text = string.strip()
    if not NUMBER.fullmatch(text):
        return None
    if "x" in text or "X" in text:
        digits = int(text, 16)
        return float(digits) if digits.bit_length() < 1024 else None
    number = float(text)
    return number if number - number == 0 else None


@builtin("str")
def str_(it: Machine, number: float) -> str:
    """(str number)

    Return the text that `print` shows for a number.

    (str (/ 1 3))
    => "0.333333"
    """
    return it.numbers(number)


@builtin("pname")
def pname(it: Machine, x: Value) -> str:
    r"""(pname x)

    Return the text that `print` shows for any value.

    (pname '(a "b" 3))
    => "(a \"b\" 3)"
    """
    return it.show(x)


@builtin("upcase")
def upcase(string: str) -> str:
    """(upcase string)

    Return the string in capitals.

    (upcase "abc")
    => "ABC"
    """
    need_text(string, times=3)  # Unicode has letters that become three capitals
    return string.upper()


@builtin("upcase1")
def upcase1(string: str) -> str:
    """(upcase1 string)

    Return the string with its first letter as a capital.

    (upcase1 "abc")
    => "Abc"
    """
    return string[:1].upper() + string[1:]


@builtin("downcase")
def downcase(string: str) -> str:
    """(downcase string)

    Return the string in small letters.

    (downcase "ABC")
    => "abc"
    """
    need_text(string, times=3)
    return string.lower()


@builtin("asc")
def asc(string: str) -> int:
    """(asc string)

    Return the code of the first character.

    (asc "A")
    => 65
    """
    if not string:
        raise EvalError("asc needs a string that is not empty")
    return ord(string[0])


@builtin("chr")
def chr_(code: int) -> str:
    """(chr code)

    Return the string of the one character with this code.

    (chr 65)
    => "A"
    """
    if not 0 < code < 0x110000:
        raise EvalError(f"chr needs a code from 1 to 1114111, found {number_text(code)}")
    return chr(code)


@builtin("namedclean")
def namedclean(it: Machine, name: str) -> Symbol:
    """(namedclean string)

    Return the symbol that the reader makes of a name: small letters, _ as -.

    (namedclean "Alloc_Net")
    => alloc-net
    """
    return it.intern(fold(name))


@builtin("named")
def named(it: Machine, name: str) -> Symbol:
    """(named string)

    Return the symbol with exactly this name.

    (named "Thing_1")
    => |Thing_1|
    """
    return it.intern(name)


@builtin("nameof")
def nameof(symbol: Symbol) -> str:
    """(nameof symbol)

    Return the name of a symbol, without the bars that `pname` shows.

    (nameof '|Thing_1|)
    => "Thing_1"
    """
    return symbol.name


@builtin("strins")
def strins(string: str, n: int, part: str) -> str:
    """(strins string n part)

    Return a string with a part inserted behind its first n characters.

    (strins "abcd" 2 "XY")
    => "abXYcd"
    """
    need_text(string, part)
    place = _count("strins", n)
    return string[:place] + part + string[place:]


@builtin("strdel")
def strdel(string: str, start: int, n: int) -> str:
    """(strdel string start n)

    Return a string without n characters from position start on, which is 1 for the first.

    (strdel "abcdefgh" 2 4)
    => "afgh"
    """
    if start < 1:
        raise EvalError(f"strdel counts positions from 1, found {number_text(start)}")
    return string[: start - 1] + string[start - 1 + _count("strdel", n) :]


@builtin("strhex")
def strhex(number: int) -> str:
    """(strhex number)

    Return a whole number in hexadecimal digits.

    (strhex 255)
    => "ff"
    """
    if not -(2**31) <= number < 2**32:
        raise EvalError(f"strhex takes numbers of 32 bits, found {number_text(number)}")
    return f"{number % 2**32:x}"


@builtin("isprint")
def isprint(string: str) -> bool:
    """(isprint string)

    Tell whether the first character of a string is one that shows when it is printed.

    (isprint "a")
    => t
    """
    return string[:1].isprintable() and string != ""
