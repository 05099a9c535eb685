"""netenv: layers, fields, weights and rates to start from, patterns, judging, what it prints."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest

from sn.errors import EvalError
from sn.lisp.forms import Value, elements, show
from sn.lisp.random import SnRandom
from sn.session import Session

NET = """
(sn28-kernel '{kernel})
(alloc-net 20 60)
(build-net '((input 2) (hidden 2) (output 1)) '((input hidden) (hidden output)))
(setq pattern-matrix [[-1 -1] [1 -1] [1 1] [-1 1]])
(setq desired-matrix [[1] [-1] [1] [-1]])
(ensemble 0 3)
(seed 0)
"""


class Lisp:
    """A session with the net, and what it printed."""

    def __init__(self, kernel: str = "sn28itenew") -> None:
        self.session = Session()
        self._out = io.StringIO()
        self.session.interpreter.stdout.file = self._out
        self.session.evaluate(NET.format(kernel=kernel))

    def value(self, text: str) -> Value:
        return self.session.evaluate(text)

    def shown(self, text: str) -> str:
        return show(self.value(text))

    @property
    def printed(self) -> str:
        return self._out.getvalue()


def shown(text: str) -> str:
    return Lisp().shown(text)


# --- building ---


def test_layers_have_units_biases_and_links_in_order() -> None:
    lisp = Lisp()
    assert lisp.shown("(list input hidden output desired-layer)") == "((1 2) (3 4) (5) (6))"
    assert lisp.shown("net-struc") == "(((1 2) (3 4) (5)) 6)"
    assert lisp.shown("(list input-layer output-layer)") == "((1 2) (5))"
    assert lisp.shown("(all ((j (range 1 5))) (amont j))") == "(() () (0 1 2) (0 1 2) (0 3 4))"
    assert lisp.shown("net-layers") == "((input) (hidden) (output))"


def test_sizes_may_be_expressions_of_the_caller() -> None:
    text = """
    (de make (n) (build-net-nobias '((a n) (b (+ n 1))) '((a b))))
    (make 2)
    (list a b (amont (car b)))
    """
    assert shown(text) == "((7 8) (9 10 11) (7 8))"


def test_a_layer_with_a_setter_keeps_its_functions() -> None:
    lisp = Lisp()
    lisp.value(
        "(build-net '((a 1) (b 1 (nlf-lin 2 2)) (c 1)) '((a b) (b c)))"
        "(each ((j (append b c))) (set-weight j '(0 1)))"
    )
    assert lisp.shown("(list (nlf-lin 3 3) ())")  # the layers without one follow this
    assert lisp.shown("(state a '(1)) (forward-prop net-struc) (append (state b) (state c))") == (
        "(2 6)"
    )
    assert lisp.shown("(all ((c net-layers)) (length c))") == "(1 4 1)"


def test_a_program_defines_the_passes_anew() -> None:
    lisp = Lisp()
    lisp.value("(de do-compute-err (out des) (setq local-error 7)) (setq found (learn 2))")
    assert lisp.shown("(list found local-error age)") == "((2) 7 2)"


# --- fields ---


def test_fields_are_read_and_set_in_every_form() -> None:
    lisp = Lisp()
    lisp.value("(state 0.5)")
    assert lisp.shown("(state)") == "(1 0.5 0.5 0.5 0.5 0.5 0.5)"  # the bias stays
    lisp.value("(state '(1 2) 3)")
    assert lisp.shown("(state '(2 1 0))") == "(3 3 1)"
    lisp.value("(state '(1 2) '(4 5))")
    assert lisp.shown("(state input)") == "(4 5)"
    assert lisp.shown("(state ())") == "()"


def test_each_field_has_its_word() -> None:
    lisp = Lisp()
    words = "state weighted-sum gradient back-sum ggradient sqback-sum spare-field spare2-field"
    for number, word in enumerate(words.split()):
        lisp.value(f"({word} output {number})")
    assert lisp.shown("(list (nval 5) (nsum 5) (ngrad 5) (nbacksum 5))") == "(0 1 2 3)"
    assert lisp.shown("(list (nggrad 5) (nsqbacksum 5) (nspare1 5) (nspare2 5))") == "(4 5 6 7)"
    lisp.value("(epsilon 0.5) (sigma output 2)")
    assert lisp.shown("(list (epsilon output) (sigma output))") == "((0.5) (2))"


def test_weights_of_a_unit() -> None:
    lisp = Lisp()
    lisp.value("(set-weight 3 '(1 2 3)) (set-deltaw 3 '(4 5 6))")
    assert lisp.shown("(list (weight 3) (deltaw 3))") == "((1 2 3) (4 5 6))"
    assert lisp.shown("(weight 3 '(2 4 1))") == "(3 () 2)"
    lisp.value("(setq kept (dump-weights)) (forget 1) (rest-weights kept)")
    assert lisp.shown("(weight 3)") == "(1 2 3)"


def test_loops_over_units_and_connections() -> None:
    text = """
    (setq n 0 pairs ())
    (all-neuron (i) (incr n))
    (all-synapse (i j) (setq pairs (cons (list i j) pairs)))
    (list n (length pairs) (last pairs))
    """
    assert shown(text) == "(7 9 (0 3))"


# --- functions of units ---


@pytest.mark.parametrize(
    ("setter", "x", "y", "dy"),
    [
        ("(nlf-tanh 0.66666666 0)", 1, 1, 0.755414),
        ("(nlf-tanh 0.66666666 0.1)", 1, 0.95354, None),
        ("(nlf-tanh 1 0.5 2 0.25)", 0, 0.25, 2.5),
        ("(nlf-lin 0.5 0.5)", 3, 1.5, 0.5),
        ("(nlf-lin 0 2 0.25)", 0.125, 0.25, 2),
        ("(nlf-lin 0 2 0.25)", 3, 0.5, 0),
        ("(nlf-lin 0.5 2)", 0.25, 0.5, 2),
        ("(nlf-lin 0.5 2)", 1, 1, 0.5),
        ("(nlf-lin 0.5 -2)", 1, -1, 0.5),
        ("(nlf-bin 1 0 1)", 0, 1, 1),
        ("(nlf-bin 1 0 1)", -0.1, -1, None),
        ("(nlf-bell)", 0.5, 0.421875, -1.6875),
        ("(nlf-spline '(-1 0 1) '(0 1 0))", 0, 1, 0),
    ],
)
def test_what_a_function_of_units_gives(setter: str, x: float, y: float, dy: float | None) -> None:
    lisp = Lisp()
    lisp.value(setter)
    assert lisp.value(f"(nlf {x})") == pytest.approx(y, abs=2e-5)
    if dy is not None:
        assert lisp.value(f"(dnlf {x})") == pytest.approx(dy, abs=2e-4)


@pytest.mark.parametrize("call", ["(nlf-lin 0 0.5)", "(nlf-lin 0 2 -1)"])
def test_a_corner_must_be_somewhere(call: str) -> None:
    with pytest.raises(EvalError, match="threshold"):
        Lisp().value(call)


# --- weights and rates to start from ---


def drawn(n: int) -> list[float]:
    random = SnRandom()
    random.seed(0)
    return [random.rand() for _ in range(n)]


WEIGHTS = "(apply append (all ((j (range 3 5))) (weight j)))"


@pytest.mark.parametrize(
    ("call", "most"),
    [
        ("(forget 2)", 2.0),
        ("(forget-inv 3)", 1.0),
        ("(forget-sqrt 3)", 3 / math.sqrt(3)),
        ("(smartforget)", 1 / math.sqrt(3)),
    ],
)
def test_weights_are_drawn_connection_by_connection(call: str, most: float) -> None:
    lisp = Lisp()
    lisp.value(f"(setq age 5 current-pattern 2) {call}")
    wanted = [np.float32(2 * most * u - most) for u in drawn(9)]
    assert [np.float32(w) for w in elements(lisp.value(WEIGHTS))] == wanted
    assert lisp.shown("(list age current-pattern)") == "(0 0)"


@pytest.mark.parametrize(
    ("call", "most"),
    [
        ("(forget-layer (+ 1 1) output)", 2.0),
        ("(forget-inv-layer 3 output)", 1.0),
        ("(forget-sqrt-layer 3 output)", 3 / math.sqrt(3)),
    ],
)
def test_weights_of_one_layer(call: str, most: float) -> None:
    lisp = Lisp()
    lisp.value(f"(set-weight 3 '(7 7 7)) {call}")
    wanted = [np.float32(2 * most * u - most) for u in drawn(3)]
    assert [np.float32(w) for w in elements(lisp.value("(weight 5)"))] == wanted
    assert lisp.shown("(weight 3)") == "(7 7 7)"


@pytest.mark.parametrize("kernel", ["sn28", "sn28itenew"])
def test_rates_by_the_number_of_connections(kernel: str) -> None:
    lisp = Lisp(kernel)
    lisp.value("(epsi 0.3)")
    assert elements(lisp.value("(epsilon '(3 5))")) == pytest.approx([0.1, 0.1], rel=1e-6)
    lisp.value("(epsi-sqrt 0.3)")
    assert lisp.value("(nepsilon 4)") == pytest.approx(0.3 / math.sqrt(3), rel=1e-6)
    assert lisp.value("eps") == 0.3
    lisp.value("(epsi-layer 3 output) (epsi-sqrt-layer 0 hidden)")
    assert lisp.shown("(epsilon '(3 5))") == "(0 1)"


def test_rates_as_steps_have_them() -> None:
    lisp = Lisp()
    lisp.value("(epsilon 0.5) (sigma 0) (sigma output -0.2) (setq mu 0.05)")
    assert elements(lisp.value("(real-epsilon '(3 5))")) == pytest.approx([10, 2], rel=1e-6)
    assert Lisp("sn28").shown("(epsilon 0.5) (real-epsilon '(3 5))") == "(0.5 0.5)"


# --- patterns ---


def test_the_range_holds_the_current_pattern() -> None:
    lisp = Lisp()
    lisp.value("(setq current-pattern 9) (ensemble 1 2)")
    assert lisp.shown("(list patt-min patt-max current-pattern)") == "(1 2 2)"


def test_a_test_set_tells_its_interval() -> None:
    lisp = Lisp()
    lisp.value("(test-set 320 479)")
    assert lisp.printed == "** Test set size = 160, 90% confidence interval = +-9.68%.\n"
    assert lisp.shown("(list tpatt-min tpatt-max)") == "(320 479)"


def test_the_order_of_patterns() -> None:
    lisp = Lisp()
    lisp.value("(ensemble 1 3)")
    assert lisp.shown("(mapcar next-pattern '(1 2 3))") == "(2 3 1)"
    assert lisp.shown("(list (set-nextpat-stay) (set-nextcho-rnd))") == "(nextpat-stay nextcho-rnd)"
    assert lisp.shown("(setq good-answer ()) (next-pattern 2)") == "2"
    draws = [int(3 * u + 1) for u in drawn(4)]
    found = lisp.value("(seed 0) (setq good-answer t) (mapcar next-pattern '(1 1 1 1))")
    assert elements(found) == draws


def test_noise_is_on_patterns_to_learn_from_alone() -> None:
    lisp = Lisp()
    lisp.value("(setq input-noise 0.1) (present-pattern input 0)")
    assert lisp.shown("(state input)") != "(-1 -1)"
    lisp.value("(de forward-prop (ns) (setq seen (state input-layer))) (perf 0 0)")
    assert lisp.shown("(list seen input-noise)") == "((-1 -1) 0.1)"


# --- judging ---


@pytest.mark.parametrize(
    ("call", "out", "desired", "is_good"),
    [
        ("(set-class-quadrant)", "0.1 -3 5", "1 -1 0", True),
        ("(set-class-quadrant)", "0 -3 5", "1 -1 1", False),
        ("(set-class-max)", "0.1 0.3 0.2", "-1 1 -1", True),
        ("(set-class-max)", "0.3 0.3 0.2", "-1 1 -1", False),
        ("(set-class-lms 0.1)", "0.5 1 1", "1 1 1", True),
        ("(set-class-lms 0.08)", "0.5 1 1", "1 1 1", False),
        ("(set-class-hamming 0.5)", "0.5 1 1", "1 1 1", True),
        ("(set-class-hamming 0.4)", "0.5 1 1", "1 1 1", False),
        ("(set-class-sgn -0.5 0.5)", "0.6 0 -0.6", "1 0.1 -1", True),
        ("(set-class-sgn -0.5 0.5)", "0.4 0 -0.6", "1 0.1 -1", False),
        ("(set-class-sgn 0 0)", "0.4 0 -0.6", "1 0 -1", True),
        ("(set-class-nil)", "0.4 0 -0.6", "-1 0 1", True),
    ],
)
def test_what_is_a_good_answer(call: str, out: str, desired: str, is_good: bool) -> None:
    text = f"""
    (build-net '((a 1) (b 3)) '((a b)))
    {call}
    (state output-layer '({out}))
    (state desired-layer '({desired}))
    (if (classify 0) t ())
    """
    assert show(Lisp().value(text)) == ("t" if is_good else "()")


def test_ties_of_the_largest_are_kept() -> None:
    assert shown("(list (rank-of-max '(1 3 2)) (rank-of-max '(3 1 3)))") == "(1 (0 2))"


def test_outputs_beyond_what_is_desired_cost_nothing() -> None:
    lisp = Lisp()
    lisp.value("(set-cost-thlms 0) (state output 3) (state desired-layer 1)")
    assert lisp.value("(do-compute-err output-layer desired-layer)") == 0
    lisp.value("(state desired-layer -1)")
    assert lisp.value("(do-compute-err output-layer desired-layer)") == 8
    assert lisp.shown("(set-cost-lms)") == "sn-cost-lms"
    assert lisp.value("(do-compute-err output-layer desired-layer)") == 8


@pytest.mark.parametrize("is_compiled", [True, False])
def test_a_hook_keeps_its_threshold_wherever_it_is_kept(is_compiled: bool) -> None:
    # errors and answers of a net that is not moved: output 0.3, then 0.9, desired 1
    lisp = Lisp()
    lisp.value("""
    (alloc-net 9 9) (build-net '((a 1) (b 1 (nlf-lin 1 1))) '((a b)))
    (set-weight 2 '(0 1)) (ensemble 0 1) (set-class-hamming 0.5) (set-cost-thlms 2)
    (setq pattern-matrix [[0.3] [0.9]] desired-matrix [[1] [1]])
    """)
    if not is_compiled:
        lisp.value("(de present-desired (l n) (get-pattern desired-matrix n l))")
    measured = "(progn (performance 0 1) (list good-an-percent global-error))"
    assert lisp.shown(measured) == "(50 0)"  # no output that is below is wrong above 2
    lisp.value("(let ((classify classify) (init-grad init-grad)) (set-class-max) (set-cost-lms))")
    assert lisp.shown(measured) == "(50 0)"
    lisp.value("(setq kept classify kept-cost init-grad) (set-class-lms 0.001) (set-cost-lms)")
    assert lisp.shown(measured) == "(0 0.125)"
    lisp.value("(setq classify kept init-grad kept-cost)")
    assert lisp.shown(measured) == "(50 0)"


def test_functions_of_the_library_that_hooks_call_may_be_defined_anew() -> None:
    # of equal outputs the first wins: (0 1) and (0) are then the same answer
    lisp = Lisp()
    lisp.value("""
    (alloc-net 9 9) (build-net '((a 1) (b 2 (nlf-lin 1 1))) '((a b)))
    (set-weight 2 '(0 1)) (set-weight 3 '(0 1)) (ensemble 0 0) (set-class-max)
    (setq pattern-matrix [[1]] desired-matrix [[1 0]])
    """)
    assert lisp.value("(performance 0 0)") == 0
    lisp.value("(de rank-of-max (l) (car (rank l (sup l))))")
    assert lisp.value("(performance 0 0)") == 100
    lisp.value("(set-class-sgn -0.5 0.5) (de same-side (x y low high) (= y 0))")
    assert lisp.value("(performance 0 0)") == 0
    lisp.value("(de same-side (x y low high) t)")
    assert lisp.value("(performance 0 0)") == 100


# --- measuring and learning ---


def test_a_measure_prints_two_lines_and_logs_one() -> None:
    lisp = Lisp()
    lisp.value('(forget 1) (setq perf-file "log") (setq percent (perf))')
    assert lisp.printed == "-" * 55 + "\npatterns{0-3}, age=0, error=0.80398, performance=50\n"
    assert lisp.value("percent") == lisp.value("good-an-percent")
    (found,) = elements(lisp.value('(load-perf-file "log")'))
    name, measure = elements(found)
    assert name == "{0-3}"
    age, error, percent = elements(measure)
    assert (age, percent) == (0, lisp.value("percent"))
    assert error == pytest.approx(lisp.value("global-error"), abs=5.1e-9)


def test_text_is_shown_for_each_pattern() -> None:
    lisp = Lisp()
    lisp.value("(set-disp-text) (epsilon 0.1) (forget 0) (learn 1) (performance 0 0)")
    first, second = lisp.printed.splitlines()
    assert first == "age=1  pattern=0  error=  0.50000  **arrgh**"
    assert second.startswith("age=1  pattern=0  error=  ") and second.endswith("  ok  ")


def test_learning_follows_the_order_of_patterns() -> None:
    lisp = Lisp()
    lisp.value("(setq seen ()) (de basic-iteration (n) (setq seen (cons n seen)))")
    assert lisp.shown("(learn 5)") == "(5)"
    assert lisp.shown("(list (reverse seen) current-pattern)") == "((0 1 2 3 0) 1)"
    assert lisp.shown("(setq seen ()) (learn-cycle 1) (list (reverse seen) current-pattern)") == (
        "((0 1 2 3) 1)"
    )


def test_runs_measure_before_and_after() -> None:
    lisp = Lisp()
    lisp.value("(epsilon 0.1) (forget 1) (test-set 1 2) (setq found (trun 4 2))")
    lines = [line.split(",")[:2] for line in lisp.printed.splitlines() if "patterns" in line]
    ages = [(name, age.strip()) for name, age in lines]
    assert ages == [
        (f"patterns{{{part}}}", f"age={age}") for age in (0, 4, 8) for part in ("0-3", "1-2")
    ]
    assert lisp.value("found") is None


def test_a_program_may_define_what_a_run_learns_by() -> None:
    lisp = Lisp()
    lisp.value("(de learn (n) (incr age n)) (run 3 2)")
    assert lisp.value("age") == 6


def test_batches_of_newton_leave_gamma_at_one() -> None:
    assert shown("(epsilon 0.1) (forget 1) (learn-batch-lm 1) gamma") == "1"


def test_conjugate_gradients_go_on_without_a_restart() -> None:
    whole, parts = Lisp(), Lisp()
    whole.value("(forget 1) (learn-batch-cg 4)")
    parts.value("(forget 1) (setq state-of-it (learn-batch-cg 2))")
    parts.value("(apply learn-batch-cg state-of-it)")
    assert whole.shown(WEIGHTS) == parts.shown(WEIGHTS)
    assert whole.shown("(epsilon output)") == "(1)"


def test_brain_damage_cuts_what_matters_least() -> None:
    lisp = Lisp()
    lisp.value("(forget 1) (epsilon 0.1) (learn 20) (obd-compute-curvature 0 3)")
    saliency = elements(
        lisp.value(
            """
            (setq found ())
            (all-synapse (i j)
              (setq found (cons (* (shess i j) (* (sval i j) (sval i j))) found)))
            found
            """
        )
    )
    limit = sorted(saliency)[int(9 * 0.4)]
    cut = sum(one < limit for one in saliency)
    assert lisp.value("(obd-prune 0.4)") == cut > 0
    assert lisp.value("(let ((n 0)) (all-synapse (i j) (incr n)) n)") == 9 - cut
    assert lisp.shown("(list gamma lev-mar)") == "(0.05 ())"


def test_a_link_to_a_layer_that_is_not_there_is_refused() -> None:
    with pytest.raises(EvalError, match="there is no layer of this name: outpt"):
        Session().evaluate("(build-net '((input 2) (output 1)) '((input outpt)))")
