"""The libraries knnenv and statenv, written in SN Lisp: neighbours, maps and statistics."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest

from sn.builtins.matrix import Matrix
from sn.describe import new_interpreter
from sn.graphics.picture import pictures_of
from sn.interp import Interpreter
from sn.lisp.forms import elements

LIBRARY = Path(__file__).resolve().parents[2] / "sn" / "lib"


@pytest.fixture
def it() -> Interpreter:
    found = new_interpreter(out=io.StringIO(), path=[LIBRARY])
    found.run('(libload "knnenv") (libload "statenv") (load-iris) (seed 0)')
    return found


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        # Fisher 1936, table II: the means of the first species
        ("(mean-mat (submatrix (codebook-word iris) '(0 49) 0))", "5.006"),
        ("(mean-mat (submatrix (codebook-word iris) '(0 49) 1))", "3.428"),
        ("(mean-mat (submatrix (codebook-word iris) '(0 49) 2))", "1.462"),
        ("(mean-mat (submatrix (codebook-word iris) '(0 49) 3))", "0.246"),
        ("(mean-mat (submatrix (codebook-word iris) '(50 99) 2))", "4.26"),
        ("(mean-mat (submatrix (codebook-word iris) '(100 149) 3))", "2.026"),
        ("(codebook-labels iris iris-app iris-tst)", "(0 1 2)"),
        ("(list iris-app iris-tst)", "(::CODEBOOK:75x4 ::CODEBOOK:75x4)"),
        ("(perf-knn iris iris 1 t)", "96"),  # leaving one out; known of these data
        ("(test-knn iris-tst iris-app)", "(96 96 98.6667)"),
        ("(test-knn iris-tst iris-app 3)", "(96)"),
        ("(progn (setq c (confusion-knn iris-tst iris-app 3)) (list (c 1 ()) (c 2 ())))",
         "((0 23 2 0) (0 1 24 0))"),
        ("((confusion-knn (new-codebook [[0]] '(5)) (new-codebook [[1][2]] '(5 7)) 2) 0 ())",
         "(0 0 1)"),
        ("((codebook-label (k-means-class iris-app 2)) ())", "(0 0 1 1 2 2)"),
        ("((codebook-label (k-means-class (new-codebook [[0][1][9]] '(4 4 5)) 2)) ())", "(4 4 5)"),
        ("((codebook-label (init-lvq-class iris-app 2)) ())", "(0 0 1 1 2 2)"),
        # 5 lies among those of the other label: it is taken last
        ("(codebook-word (init-lvq-class (new-codebook [[5][0][1][2][5.1][5.2][5.3]]"
         " '(1 1 1 1 2 2 2)) 1 3) 0)", "[ 0.00 ]"),
        ("(let ((r (new-codebook [[0][10][99]])))"
         " (codebook-assign-labels r (new-codebook [[1][2][3][9][12]] '(4 4 5 6 7)))"
         " ((codebook-label r) ()))", "(4 6 7)"),
    ],
)  # fmt: skip
def test_neighbours(it: Interpreter, program: str, expected: str) -> None:
    assert it.show(it.run(program, "test")) == expected


def test_editing_keeps_what_is_clear(it: Interpreter) -> None:
    # 0.5 stands among the others, and goes; what is left is condensed to one item of each label
    words = "[[0][0.1][0.2][0.3][0.5][0.6][0.7][9][9.1][9.2][9.3][9.4]]"
    it.run(f"(setq c (new-codebook {words} '(1 1 1 1 2 1 1 2 2 2 2 2)))")
    it.run("(setq e (multiedit c 3 5))")
    assert 0.5 not in it.run("(codebook-word e)").data.ravel().round(3)
    assert it.show(it.run("(perf-knn c e)")) == "91.6667"
    assert it.show(it.run("(setq d (condense e))")) == "::CODEBOOK:2x1"
    assert it.run("(perf-knn e d)") == 100
    assert it.show(it.run("c")) == "::CODEBOOK:12x1"


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("((tmap-topo-ring 5) 0)", "((0) (4 1) (3 2))"),
        ("((tmap-topo-ring 4) 3)", "((3) (2 0) (1))"),
        ("((tmap-topo-2d 2 3) 0)", "((0) (1 3 4) (2 5))"),
        ("((tmap-topo-2d 3 3) 4)", "((4) (0 1 2 3 5 6 7 8))"),
        ("((tmap-epsi-const 0.3) 0.9)", "0.3"),
        ("((tmap-epsi-lin 0.5 0.1) 0.5)", "0.3"),
        ("((tmap-dst-const 2) 0.9)", "(1 1 1)"),
        ("((tmap-dst-lin 4 0) 0.5)", "(1 0.666667 0.333333)"),
        ("((tmap-dst-lin 3) 1)", "(1)"),
        # one item at 1: the word 0 moves half of the way, its neighbours a quarter
        ("(let ((r (new-codebook [[0][-1][-2][-3]]))) (learn-tmap (new-codebook [[1]]) r 1"
         " (tmap-topo-ring 4) (tmap-epsi-const 0.5) (tmap-dst-lin 1 0)) (r () 0))",
         "(0.5 -0.5 -2 -2)"),
        ("(tsp-length (new-codebook [[0 0][0 1][1 1][1 0]]) '(0 1 2 3))", "4"),
        ("((bidim-init-ring 4) 2 ())", "(0.25 0.5)"),
        ("((bidim-init-2d 2 3) 5 ())", "(0.75 0.75)"),
    ],
)  # fmt: skip
def test_maps(it: Interpreter, program: str, expected: str) -> None:
    assert it.show(it.run(program, "test")) == expected


def test_a_ring_becomes_a_tour(it: Interpreter) -> None:
    it.run("(setq towns (bidim-random 12)) (setq tour (tsp-tour towns (tsp-ring towns)))")
    assert sorted(elements(it.run("tour"))) == list(range(12))
    shuffled = it.run("(tsp-length towns (range 0 11))")
    assert it.run("(tsp-length towns tour)") < 0.8 * shuffled


def numbers(it: Interpreter, program: str) -> np.ndarray:
    found = it.run(program, "test")
    assert isinstance(found, Matrix)
    return found.numbers()


def test_statistics_are_those_of_numpy(it: Interpreter) -> None:
    x = numbers(it, "(setq m (codebook-word iris))")
    assert np.allclose(numbers(it, "(mcov m)"), np.cov(x.T, bias=True))
    assert np.allclose(numbers(it, "(mco m)"), np.corrcoef(x.T))
    assert np.allclose(numbers(it, "(mstd m)"), (x - x.mean(0)) / x.std(0))
    values = np.linalg.eigvalsh(np.cov(x.T, bias=True))[::-1]
    it.run("(setq p (pca m 2))")
    assert np.allclose(numbers(it, "(cadr p)"), values[:2])
    assert np.allclose(numbers(it, "(car p)").var(0), values[:2])
    assert numbers(it, "(caddr p)").shape == (2, 4)
    assert numbers(it, "(histo-mat (submatrix m () 0) 4)").tolist() == [45, 50, 43, 12]
    assert np.array_equal(x, numbers(it, "m"))  # it is as it was


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("(min-max-normalization (copy-matrix [1 2 5]))", "[-1.00 -0.50  1.00 ]"),
        ("(min-max-normalization (copy-matrix [[1 3][5 3]]) 0 1)",
         "[[ 0.00  0.00 ]\n[ 1.00  0.00 ]]"),
        ("(mean-sdev-normalization (copy-matrix [1 3]) 5 2)", "[ 3.00  7.00 ]"),
        ("(mean-sdev-normalization (copy-matrix [[1 3][3 3]]))",
         "[[-1.00  0.00 ]\n[ 1.00  0.00 ]]"),
        ("(histo-mat [2 2 2] 3)", "[ 3.00  0.00  0.00 ]"),
        ("(class-ext-to-int '(a b a \"c\" b))", "(0 1 0 2 1)"),
        ("(class-to-gpattern 11)", '"B"'),
        ("(data-normalization (copy-matrix [[1 2][3 4]]) (lambda (c) (m*c c 2 c)))",
         "[[ 2.00  4.00 ]\n[ 6.00  8.00 ]]"),
    ],
)  # fmt: skip
def test_normalization(it: Interpreter, program: str, expected: str) -> None:
    assert it.show(it.run(program, "test")) == expected


# --- pictures ---


def picture(it: Interpreter, program: str) -> str:
    """Return the picture, as SVG, of the one window that a program opens."""
    it.run(program, "drawing.sn")
    (figure,) = pictures_of(it.screen).values()
    return figure.svg


def test_the_travelling_salesman_shows_towns_and_tour(it: Interpreter) -> None:
    svg = picture(it, "(setq tour (tsp-demo 8))")
    assert svg.count("<circle") == 8
    assert sorted(elements(it.run("tour"))) == list(range(8))
    assert it.stdout.file.getvalue().startswith("8 towns, a tour of length ")
    (points,) = re.findall(r'd="M([^"]*)"|points="([^"]*)"', svg)
    assert len(re.findall(r"[\d.]+[ ,][\d.]+", "".join(points))) >= 16  # a ring of 16 words


def test_a_map_of_the_plane_is_a_net(it: Interpreter) -> None:
    display = "(tmap-display-bidim-2d square 3 4 10)"
    learn = "(learn-tmap square (bidim-init-2d 3 4) 20 (tmap-topo-2d 3 4)"
    learn += f" (tmap-epsi-const 0.2) (tmap-dst-const 1) {display})"
    svg = picture(it, f'(setq window (new-window 200 200 "map") square (bidim-random 9)) {learn}')
    assert svg.count("<circle") == 9


def test_the_points_of_a_matrix_are_letters_of_their_class(it: Interpreter) -> None:
    svg = picture(it, '(setq window (new-window "points"))'
                  " (draw-matrix-points [[0 0][1 2][2 4]] '(0 1 10))")  # fmt: skip
    assert re.findall(r">([0-9A-Z])<", svg) == ["0", "1", "A"]
    # the first point is left and below, the last right and above
    found = re.findall(r'<text[^>]* x="([\d.]+)" y="([\d.]+)"', svg)
    places = [(float(x), float(y)) for x, y in found]
    assert places[0][0] < places[1][0] < places[2][0]
    assert places[0][1] > places[1][1] > places[2][1]
