"""What a half-written word at the prompt may become."""

from __future__ import annotations

from pathlib import Path

import pytest

from sn.repl.complete import Offer, complete
from sn.session import Session

PROGRAM = """
(setq rate 0.1) (de relearn (n) n)
(defnet small (layer in (2)) (layer hidden (3)) (layer out (1))
  (connect in hidden (full)) (connect hidden out (full)))
(experiment small (data (patterns '((0 1)) '((1)))) (optimizer slow (sgd (learning-rate rate))))
"""
MANUALS = {"train": "(train ['NET])\n\nTrain."}


@pytest.fixture(scope="module")
def session() -> Session:
    one = Session()
    one.evaluate(PROGRAM)
    return one


def offers(session: Session, text: str) -> dict[str, str]:
    """Return what is offered at the end of a text, with what is said of it."""
    _, found = complete(session, MANUALS, text, len(text))
    assert all(isinstance(one, Offer) for one in found)
    return {one.text: one.about for one in found}


def test_a_list_begins_with_what_can_be_called(session: Session) -> None:
    assert offers(session, "(mapca") == {"mapcar": "(mapcar function list...)"}
    assert list(offers(session, "(re")) > [] and "relearn" in offers(session, "(re")
    assert offers(session, "(trai") == {"train": "(train ['NET])"}
    assert "rate" not in offers(session, "(rat")


def test_the_word_that_is_replaced_begins_where_it_begins(session: Session) -> None:
    assert complete(session, {}, "(a (mapca", 9)[0] == 4
    assert complete(session, {}, '(load "nets/x', 13)[0] == 7
    assert complete(session, {}, "(mapca r)", 6) == (
        1,
        [Offer("mapcar", "(mapcar function list...)")],
    )


def test_letters_fold(session: Session) -> None:
    assert "mapcar" in offers(session, "(MAPCA")
    assert "net-test" in offers(session, "(net_tes")


def test_arguments_are_variables_and_functions(session: Session) -> None:
    assert offers(session, "(+ 1 rat") == {"rate": "0.1"}
    assert "relearn" in offers(session, "(mapcar rele")


def test_a_form_of_a_net_takes_its_own_words_and_layers(session: Session) -> None:
    inside = "(defnet other (layer h (3) (nlf-t"
    assert "nlf-tanh" in offers(session, inside) and "mapcar" not in offers(session, inside)
    assert "layer" in offers(session, "(defnet other (lay")
    assert offers(session, "(connect hid") == {"hidden": "layer, 3"}
    assert "small" in offers(session, "(experiment sm")


def test_behind_a_quote_stand_names(session: Session) -> None:
    assert offers(session, "(train 'slow") == {"slow": "optimizer"}
    assert offers(session, "'hid") == {"hidden": "layer, 3"}
    assert "mapcar" in offers(session, "(help 'mapca")


def test_a_string_may_be_a_file_a_weight_or_a_data_set(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nets").mkdir()
    for name in ("one.sn", "two.sn", 'od"d.sn', ".hidden"):
        (tmp_path / "nets" / name).write_text("")
    monkeypatch.chdir(tmp_path)
    assert offers(session, '(load "ne') == {"nets/": "folder"}
    assert offers(session, '(load "nets/') == {"nets/one.sn": "file", "nets/two.sn": "file"}
    assert offers(session, '(load "nets/.') == {"nets/.hidden": "file"}
    assert offers(session, '(load "nowhere/') == {}
    assert offers(session, '(net-weights net "hidden.w') == {"hidden.weight": "3 x 2"}
    assert "zipcode" in offers(session, '(data "zip')


def test_nothing_is_offered_in_comments_numbers_and_closed_strings(session: Session) -> None:
    for text in ("; mapca", "(+ 12", '(print "a"'):
        assert offers(session, text) == {}


def test_a_text_in_any_state_is_no_error(session: Session) -> None:
    for text in ("", "(", ")))", "'", '"', "|a", "#!", "(defnet (layer (", "(a . ", "\\"):
        complete(session, {}, text, len(text))
