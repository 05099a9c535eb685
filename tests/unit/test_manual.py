"""What a word means: all its meanings, the words that look like it, and what others call it."""

from __future__ import annotations

import pytest

from sn.commands import main
from sn.errors import UnknownNameError
from sn.repl.manual import apropos, folded, manual_text


def test_a_word_is_told_with_its_call_form_and_example() -> None:
    assert manual_text("nth").startswith("nth: function\n\n  (nth n list)\n")
    assert "  => " in manual_text("nth")


def test_all_meanings_are_told_each_once() -> None:
    text = manual_text("tanh")
    assert "tanh: function" in text and "tanh: inside a net or an experiment" in text
    assert text.count("(tanh x)") == 1
    assert "tanh: special form" not in text


def test_letters_fold_as_the_reader_folds_them() -> None:
    assert manual_text("NET_TEST") == manual_text("net-test")


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("mapcarr", "did you mean 'mapcar'"),
        ("define", "de defines a function: (de f (x) (* x x)); setq gives a name its value: "),
        ("defun", "de defines a function: (de f (x) (* x x))"),
        ("zeros", "SN says matrix"),
        ("qqqq", "docs/builtins.md has all words"),
        ("", "docs/builtins.md has all words"),
    ],
)
def test_an_unknown_word_leads_to_known_ones(word: str, hint: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        manual_text(word)
    assert caught.value.hint is not None and hint in caught.value.hint


def test_words_of_others_are_told_first() -> None:
    text = manual_text("train", {"train": "(train)\n\nTrain."})
    assert text.startswith("train: word of the prompt, `sn repl`\n\n  (train)\n\n  Train.\n\n")
    assert "train: inside a net or an experiment\n\n  (train SHARE)" in text


def test_a_search_gives_the_words_that_begin_with_it_first() -> None:
    found = apropos("matrix")
    assert found[0] == ("matrix", "(matrix sizes...)")
    assert ("copy-matrix", "(copy-matrix matrix [to])") in found
    names = [name for name, _ in found]
    assert names.index("matrixp") < names.index("copy-matrix")
    assert apropos("qqqq") == []


@pytest.mark.parametrize("word", ["layer", "conv", "nth", "experiment", "mapcar"])
@pytest.mark.parametrize("width", [40, 60, 80])
def test_a_manual_fits_the_terminal(word: str, width: int) -> None:
    text = folded(manual_text(word), width)
    assert max(map(len, text.split("\n"))) <= width
    assert text.split() == manual_text(word).split()
    assert folded(manual_text(word), None) == manual_text(word)


def test_prose_is_laid_out_anew_and_examples_are_not() -> None:
    assert "Sizes are (UNITS),\n  (ROWS COLS) or (MAPS" in folded(manual_text("layer"), 80)
    assert "\n  (nth 2 '(a b c d))\n  => c\n" in folded(manual_text("nth"), 80)


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", "car"]) == 0
    assert capsys.readouterr().out == manual_text("car") + "\n"
    assert main(["help"]) == 0
    assert "sn help WORD" in capsys.readouterr().out


def test_the_command_says_what_was_meant(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", "mapcarr"]) == 2
    assert "SN has no word 'mapcarr'; did you mean 'mapcar'" in capsys.readouterr().err
