"""Input layers: which numbers of a pattern they show, how they count, and what sees them."""

from __future__ import annotations

import numpy as np

from sn.emit.program import Program, qualified
from sn.kernels import emitted
from sn.lower.recognise import lower
from sn.net.layer import Network
from sn.net.loose_ends import loose_ends
from sn.net.reference import Reference
from sn.net.table import freeze
from sn.optim.rules import RuleSpec
from tests.sample_nets import described, lms

ENDS = "(layer h (3)) (layer out (1)) (connect h out (full))"


def starts(net: Network) -> dict[str, tuple[int | None, tuple[int, ...]]]:
    return {layer.name: (layer.start, layer.shape) for layer in net.layers}


def test_input_layers_share_a_pattern_out_in_the_order_in_which_they_stand() -> None:
    net = described(
        f"(defnet n (layer a (2 3)) {ENDS[:-1]}) (layer b (4) (input)) (layer c (2 2) (input))"
        " (layer last (2)) (connect a h (full)) (connect b last (full)) (connect c last (full))"
        " (connect out last (full)))"
    )
    assert starts(net) == {
        "a": (0, (2, 3)),
        "h": (None, (3,)),
        "out": (None, (1,)),
        "b": (6, (4,)),
        "c": (10, (2, 2)),
        "last": (None, (2,)),
    }
    assert freeze(net).n_inputs == 14


def test_a_slice_has_the_units_from_first_to_last_in_the_shape_that_it_says() -> None:
    net = described(
        "(defnet n (layer a (16 16)) (layer flat (from a 0 127))"
        f" (layer map (8 16) (from a 128 255)) (layer again (2 4) (from map 16 23)) {ENDS}"
        " (connect flat h (full)) (connect map h (full)) (connect again out (full)))"
    )
    assert starts(net) == {
        "a": (0, (16, 16)),
        "flat": (0, (128,)),
        "map": (128, (8, 16)),
        "again": (144, (2, 4)),
        "h": (None, (3,)),
        "out": (None, (1,)),
    }


def test_a_number_of_the_pattern_counts_as_one_unit_however_often_it_is_shown() -> None:
    described(
        f"(defnet n (layer a (4 4)) (layer low (from a 8 15)) (layer mid (from a 4 11)) {ENDS}"
        " (connect low h (full)) (connect mid h (full)) (connect a out (full))"
        " (expect (units 20) (connections 71) (parameters 71)))"
    )


def test_a_slice_is_connected_like_a_layer_whose_whole_input_it_is() -> None:
    """The same weights give the same states, gradients and descents."""
    part = "(connect in h (conv (kernel 3 3) (stride 2 2))) (connect h out (full))"
    layers = "(layer h (2 3 4)) (layer out (3))"
    alone = freeze(described(f"(defnet n (layer in (6 8) (border -1)) {layers} {part})"))
    sliced = freeze(
        described(
            "(defnet n (layer all (9 10)) (layer in (6 8) (from all 17 64) (border -1))"
            f" {layers} {part})"
        )
    )
    rng = np.random.default_rng(0)
    weights, pattern = rng.uniform(-0.3, 0.3, alone.n_weights), rng.uniform(-1, 1, 90)
    desired = np.array([1.0, -1.0, -1.0])
    whole = Reference(alone, lms(alone)).present(weights, pattern[17:65], desired)
    part_of = Reference(sliced, lms(sliced)).present(weights, pattern, desired)
    units = [table.layers[-1].units for table in (alone, sliced)]
    assert np.array_equal(whole.state[units[0]], part_of.state[units[1]])
    assert np.array_equal(whole.d_weight, part_of.d_weight)
    assert np.array_equal(whole.curv_weight, part_of.curv_weight)


def test_what_no_slice_shows_of_a_pattern_is_told() -> None:
    net = described(
        f"(defnet n (layer a (10)) (layer b (from a 1 4)) (layer c (from a 4 8)) {ENDS}"
        " (connect b h (full)) (connect c h (scheme (lambda (from to) '((0 0) (1 1) (2 3))))))"
    )
    told = [notice.message for notice in loose_ends(freeze(net))]
    assert told == ["units 0 and 9 of a feed nothing", "units 2 and 4 of c feed nothing"]


def test_a_name_of_a_slice_may_be_computed() -> None:
    net = described(
        f'(defnet n (layer a (9)) (for (i 0 2) (layer (sprintf "row%d" i)'
        f' (from (sprintf "a") (* 3 i) (+ 2 (* 3 i))))) {ENDS} (for (i 0 2)'
        ' (connect (sprintf "row%d" i) h (full))))'
    )
    assert [layer.start for layer in net.layers] == [0, 0, 3, 6, None, None]


def program_of(net: Network) -> Program:
    table = freeze(net)
    return emitted(lower(table), lms(table), RuleSpec())


def test_kernels_load_only_what_is_read() -> None:
    net = described(
        f"(defnet n (layer a (10)) (layer b (from a 1 4)) (layer c (from a 4 8)) {ENDS}"
        " (connect b h (full)) (connect c h (full)))"
    )
    text = str(program_of(net))
    assert "load_pattern LAYER_1 e" in text and "load_pattern LAYER_2 e" in text
    assert "load_pattern LAYER_0 e" not in text


def test_windows_over_a_part_run_as_over_a_whole_pattern() -> None:
    """The same sections in the same order, with records that differ in places only."""
    rest = (
        "(layer h (8 8 8)) (layer out (10)) (connect in h (conv (kernel 5 5) (stride 2 2)))"
        " (connect h out (full))"
    )
    whole = program_of(described(f"(defnet n (layer in (16 16) (border -1)) {rest})"))
    part = program_of(
        described(
            "(defnet n (layer all (32 16)) (layer in (16 16) (from all 128 383) (border -1))"
            f" {rest})"
        )
    )
    for one, other in zip(whole.passes, part.passes, strict=True):
        sections = [
            [qualified(made.section) for block in some.blocks for made in block.calls]
            for some in (one, other)
        ]
        assert sections[0] == sections[1]
    assert np.array_equal(whole.slots, part.slots)
