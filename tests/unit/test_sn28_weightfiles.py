"""Weight files: byte for byte as SN 2.8 has them, into other units, and refused whole."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from sn.errors import SnError
from sn.lisp.gate import Allow
from sn.live.net import WEIGHT
from sn.live.weightfile import MAGIC
from sn.session import Session

NET = """(alloc-net 10 20) (setq a (newneurons 2)) (setq b (newneurons 1)) (newneurons 1)
(connect a b) (connect 0 b) (connect b 4) (setq age 17) (matrix-to-weight [1 -2 0.5 3]) """
RECORDS = [(1, 3, 1), (2, 3, -2), (0, 3, 0.5), (3, 4, 3)]


def with_net(folder: Path) -> Session:
    session = Session(allow=Allow(write=(folder,)))
    session.evaluate(NET)
    return session


def binary(records: list[tuple[int, int, float]], order: str = "<", count: int = 4) -> bytes:
    head = struct.pack(f"{order}iii", MAGIC, count, 17)
    return head + b"".join(struct.pack(f"{order}iif", *record) for record in records)


def weights(session: Session) -> list[float]:
    return session.world.live.weights[WEIGHT, : session.world.live.n_weights].tolist()


# --- bytes ---


def test_a_file_of_all_units_has_their_numbers(tmp_path: Path) -> None:
    session = with_net(tmp_path)
    assert session.evaluate(f'(save-net/merge "{tmp_path}/n")') == f"{tmp_path}/n.wei"
    assert (tmp_path / "n.wei").read_bytes() == binary(RECORDS)
    assert (tmp_path / "n.wei").read_bytes()[:12].hex() == "931c4f2d0400000011000000"


def test_a_file_of_layers_has_their_ranks(tmp_path: Path) -> None:
    session = with_net(tmp_path)
    session.evaluate(f'(save-net/merge "{tmp_path}/n.x" b (list (list 2)))')
    assert (tmp_path / "n.x").read_bytes() == binary([(2, 1, -2), (0, 1, 0.5)], count=2)


def test_a_text_file_has_columns(tmp_path: Path) -> None:
    session = with_net(tmp_path)
    session.evaluate(f'(save-ascii-net/merge "{tmp_path}/n")')
    assert (tmp_path / "n.wei").read_text() == (
        ".WEI 4 17\n"
        "   1    3  1.0000000\n   2    3 -2.0000000\n   0    3  0.5000000\n   3    4  3.0000000\n"
    )


def test_files_of_weights_alone_are_matrices(tmp_path: Path) -> None:
    session = with_net(tmp_path)
    session.evaluate(f'(save-net "{tmp_path}/n") (save-ascii-net "{tmp_path}/t")')
    head = bytes.fromhex("514c3d1e") + struct.pack("<4i", 1, 4, 1, 1)
    assert (tmp_path / "n.wei").read_bytes() == head + struct.pack("<4f", 1, -2, 0.5, 3)
    assert (tmp_path / "t.wei").read_text() == ".MAT 1 4\n1 -2 0.5 3\n"


# --- back ---


@pytest.mark.parametrize("word", ["save-net", "save-ascii-net", "save-net/merge"])
def test_a_net_comes_back(word: str, tmp_path: Path) -> None:
    session = with_net(tmp_path)
    session.evaluate(f'({word} "{tmp_path}/n") (matrix-to-weight (matrix 4)) (setq age 0)')
    session.evaluate(f'(load-net "{tmp_path}/n")')
    assert weights(session) == [1, -2, 0.5, 3]
    assert session.evaluate("age") == (17 if "/" in word else 0)


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_orders_of_bytes_are_read(order: str, tmp_path: Path) -> None:
    (tmp_path / "n.wei").write_bytes(binary([(2, 1, 7)], order, count=2))
    session = with_net(tmp_path)
    assert session.evaluate(f'(merge-net "{tmp_path}/n" b (list 2))') == 2
    assert weights(session) == [1, 7, 0.5, 3]
    assert session.evaluate("age") == 17


def test_a_learning_rate_of_old_files_is_left_out(tmp_path: Path) -> None:
    raw = struct.pack("<iii", 0x2D4F1C91, 2, 5) + struct.pack("<iiff", 1, 2, 7, 0.25)
    (tmp_path / "n.wei").write_bytes(raw + struct.pack("<iiff", 0, 2, 8, 0.25))
    session = with_net(tmp_path)
    assert session.evaluate(f'(merge-net "{tmp_path}/n" (list 1 3))') == 2
    assert weights(session) == [7, -2, 8, 3]
    assert session.evaluate("(list age (sepsilon 1 3))").car == 5
    assert session.evaluate("(sepsilon 1 3)") == 0


def test_text_is_read_however_it_is_spaced(tmp_path: Path) -> None:
    (tmp_path / "n.wei").write_bytes(b".WEI 2 9\r\n1 2 .5\n\n 0\t2 -1e-1")
    session = with_net(tmp_path)
    session.evaluate(f'(merge-net "{tmp_path}/n.wei" 1 3)')
    assert weights(session) == [0.5, -2, float(np.float32(-0.1)), 3]


def test_with_the_file_alone_nothing_is_set(tmp_path: Path) -> None:
    session = with_net(tmp_path)
    session.evaluate(f'(save-net/merge "{tmp_path}/n") (save-net "{tmp_path}/m")')
    session.evaluate("(matrix-to-weight (matrix 4)) (setq age 3)")
    assert session.evaluate(f'(merge-net "{tmp_path}/n")') == 4
    assert session.evaluate(f'(merge-net "{tmp_path}/m")') is None
    assert weights(session) == [0] * 4
    assert session.evaluate("age") == 3


def test_a_shared_weight_is_written_for_every_connection(tmp_path: Path) -> None:
    session = Session(allow=Allow(write=(tmp_path,)))
    session.evaluate("(newneurons 4) (connect 1 3 0.5) (dup-connection 1 3 2 4)")
    session.evaluate(f'(save-net/merge "{tmp_path}/n")')
    assert (tmp_path / "n.wei").read_bytes()[12:] == binary([(1, 3, 0.5), (2, 4, 0.5)])[12:]


# --- refusals ---

HOSTILE = {
    "empty": (b"", "is too short for a weight file: 0 bytes"),
    "short": (b"\x93\x1c\x4f\x2d", "is too short for a weight file: 4 bytes"),
    "other": (b"GIF89a trailing bytes", "is not a weight file"),
    "cut off": (binary(RECORDS)[:-1], "is cut off in record 3: records have 12 bytes, 11 are left"),
    "negative count": (binary([], count=-1), "is about -1 units"),
    "huge count": (binary([], count=2**31 - 1), "is about 2,147,483,647 units, the layers have 4"),
    "unit beyond": (binary([(1, 5, 1)]), "the downstream unit 5 in record 0, but it is about 4"),
    "negative unit": (binary([(-1, 3, 1)]), "the upstream unit -1 in record 0"),
    "not connected": (binary([(1, 3, 9), (1, 4, 9)]), "unit 1 is not connected to unit 4"),
    "nan": (binary([(1, 3, float("nan"))]), "the weight nan in record 0"),
    "text header": (b".WEI 4", "is cut off in its first line"),
    "text word": (b".WEI 4 17\n1 3 x", "expected a weight, found 'x'"),
    "text rank": (b".WEI 4 17\n1 3.5 1", "expected a whole number, found '3.5'"),
    "text cut": (b".WEI 4 17\n1 3 9\n2 3", "is cut off: each connection has two units"),
    "text huge": (b".WEI 4 17\n1 3 1e999", "the weight inf in record 0"),
    "text number": (b".WEI 99999999999999 17\n", "expected a whole number, found '9999"),
    "matrix": (bytes.fromhex("514c3d1e") + bytes(40), "holds a matrix of weights"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_damaged_file_changes_nothing(case: str, tmp_path: Path) -> None:
    content, message = HOSTILE[case]
    (tmp_path / "n.wei").write_bytes(content)
    session = with_net(tmp_path)
    session.evaluate("(setq age 3)")
    with pytest.raises(SnError) as caught:
        session.evaluate(f'(merge-net "{tmp_path}/n" a b 4)')
    assert message in caught.value.message
    assert "n.wei" in caught.value.message
    assert caught.value.span is not None
    assert weights(session) == [1, -2, 0.5, 3]
    assert session.evaluate("age") == 3


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ('(save-net/merge "n" \'(9))', "there is no unit 9"),
        ('(progn (setq age "x") (save-net/merge "n"))', "age must be a number"),
        ('(progn (setq age 1e30) (save-ascii-net/merge "n"))', "age must be a number"),
        ('(save-net/merge "/n")', "may not write '/n.wei'"),
        ('(merge-net "nowhere" a)', "no file is called 'nowhere'"),
    ],
)
def test_what_cannot_be_saved_is_refused(form: str, message: str, tmp_path: Path) -> None:
    session = with_net(tmp_path)
    with pytest.raises(SnError) as caught:
        session.evaluate(form)
    assert message in caught.value.message
    assert caught.value.span is not None
