"""Files to predict: tables, arrays and pictures become patterns, or what is wrong is told."""

from __future__ import annotations

import gzip
import io
import sys
from typing import Any

import numpy as np
import pytest

from sn.data.rows import Encoding
from sn.errors import DataError
from sn.trained.patterns import Wanted, read_patterns
from sn.trained.pictures import usual_range

Image = pytest.importorskip("PIL.Image", reason="needs Pillow, the extra 'images'")

THREE = Wanted(shape=(3,))


def npy(array: Any) -> bytes:
    out = io.BytesIO()
    np.save(out, np.asarray(array), allow_pickle=True)
    return out.getvalue()


def npz(**arrays: Any) -> bytes:
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def png(array: Any, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.asarray(array, np.uint8)).save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "1,2,3\n4,5,6\n",
        "a,b,c\n1,2,3\n4,5,6\n",
        "1;2;3\n4;5;6",
        "1\t2\t3\r\n4\t5\t6\r\n",
        "1 2 3\n\n 4   5 6\n\n",
        '"1","2","3"\n4,"5",6\n',
        "\ufeff1, 2, 3\n4, 5, 6\n",
        '"a, b",b,"c\nd"\n1,2,3\n4,5e0,+6.0\n',
    ],
)
def test_tables_are_read(text: str) -> None:
    found = read_patterns(text.encode(), "x", THREE)
    np.testing.assert_array_equal(found, [[1, 2, 3], [4, 5, 6]])
    assert found.dtype == np.float64


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ("0-2", [1, 2, 3]),
        ("1,3,0", [2, 4, 1]),
        ("b,a,d", [2, 1, 4]),
        ("3, 0-1", [4, 1, 2]),
    ],
)
def test_columns_are_chosen(columns: str, expected: list[float]) -> None:
    wanted = Wanted(shape=(3,), columns=columns)
    found = read_patterns(b"a,b,c,d\n1,2,3,4\n", "x", wanted)
    assert found.tolist() == [expected]


def test_columns_that_are_not_chosen_may_hold_anything() -> None:
    wanted = Wanted(shape=(2,), columns="1-2")
    assert read_patterns(b"oak,1,2\nash,3,4\n", "x", wanted).tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("text", "columns", "said"),
    [
        ("", "", "x is empty"),
        ("\n \n", "", "x is empty"),
        ("1,2\n", "", "x:1:1: found 2 columns, the net takes 3 as inputs"),
        ("a,b,c,d\n1,2,3,4\n", "", "x:1:1: found 4 columns, the net takes 3 as inputs"),
        ("7\n", "", "x:1:1: found 1 column, the net takes 3 as inputs"),
        ("1,2,3\n4,5\n", "", "x:2:3: expected 3 fields, as in line 1, found 2"),
        ("1,2,3\n\n4,5,6,7\n", "", "x:3:7: expected 3 fields, as in line 1, found 4"),
        ("1,2,3\n4,x,6\n", "", "x:2:3: column 1: expected a number, found 'x'"),
        ("a,b,c\n4,x,6\n", "", "x:2:3: column 1 ('b'): expected a number, found 'x'"),
        ("1,2,3\n4,inf,6\n", "", "x:2:3: column 1: expected a finite number, found inf"),
        ("1,2,3\n4,1_0,6\n", "", "x:2:3: column 1: expected a number, found '1_0'"),
        ("1,2,3\n4,,6\n", "", "x:2:3: column 1: expected a value, it is empty"),
        ("1,2,3\n4,5,NA\n", "", "x:2:5: column 2: expected a value, found 'NA'"),
        ("1;2;3\n4;5,5;6\n", "", "x:2:3: column 1: expected a number, found '5,5'"),
        ('1,2,3\n4,"5,6\n', "", "x:2:1: the row that starts here is badly quoted"),
        ("1,2,3\n", "0-3", "x: there is no column 3, columns are 0 to 2"),
        ("1,2,3,4\n", "0-1", "x:1:1: found 4 columns, of which 2 are taken, the net takes 3"),
        ("a,b,c,d\n1,2,3,4\n", "a,b,e", "x: there is no column 'e'"),
        ("1,2,3,4\n", "a", "x: there is no column 'a'"),
        ("1,2,3,4\n", "3-1,0", "x:1:1: found 4 columns, of which 1 are taken, the net takes 3"),
    ],
)
def test_what_is_wrong_in_a_table_is_told(text: str, columns: str, said: str) -> None:
    with pytest.raises(DataError) as caught:
        read_patterns(text.encode(), "x", Wanted(shape=(3,), columns=columns))
    assert placed(caught.value).startswith(said)


def placed(error: DataError) -> str:
    return f"{error.span}: {error.message}" if error.span is not None else error.message


def test_hints_say_what_helps() -> None:
    for text, columns, hint in (
        ("1,2,3,0\n", "", "--columns 0-2 takes the first ones"),
        ("width,b,c\n1,2,3\n", "widht", "did you mean 'width'?"),
        ("p,q,r\n1,2,3\n", "b", "it has: p, q, r"),
        ("1,2,3\n", "b", "it has no line of names"),
        (
            "1,,3\n",
            "",
            "this net was trained without missing values, so it knows none to put there",
        ),
    ):
        with pytest.raises(DataError) as caught:
            read_patterns(text.encode(), "x", Wanted(shape=(3,), columns=columns))
        assert caught.value.hint == hint


PLANTS = (Encoding("height"), Encoding("colour", ("blue", "red")), Encoding("leaves"))
PLANT = Wanted(shape=(4,), known=PLANTS)


@pytest.mark.parametrize(
    "text",
    [
        "height,colour,leaves\n1,red,3\n4,blue,6\n",
        "leaves,name,height,colour\n3,yew,1,red\n6,ash,4,blue\n",
        "1,red,3\n4,blue,6\n",
    ],
)
def test_columns_are_those_of_the_training(text: str) -> None:
    found = read_patterns(text.encode(), "x", PLANT)
    np.testing.assert_array_equal(found, [[1, 0, 1, 3], [4, 1, 0, 6]])


def test_names_are_known_where_all_is_text() -> None:
    known = (Encoding("cap", ("flat", "round")), Encoding("odour", ("foul", "none")))
    wanted = Wanted(shape=(4,), known=known)
    for text in ("odour,cap\nnone,flat\n", "cap,odour\nflat,none\n", "flat,none\n"):
        assert read_patterns(text.encode(), "x", wanted).tolist() == [[1, 0, 0, 1]]


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        (
            "height,colour,leaves\n1,green,3\n",
            "x:2:3: column 1 ('colour'): expected one of the values of this column in the training",
            "it has blue, red",
        ),
        (
            "height,colour\n1,red\n",
            "x:1:1: found 2 columns, the net takes 3 as inputs",
            "it was trained on height, colour, leaves",
        ),
        ("height,colour,leaves\n1,red,x\n", "x:2:7: column 2 ('leaves'): expected a number", None),
    ],
)
def test_what_the_training_did_not_have_is_told(text: str, said: str, hint: str | None) -> None:
    with pytest.raises(DataError) as caught:
        read_patterns(text.encode(), "x", PLANT)
    assert placed(caught.value).startswith(said)
    if hint is not None:
        assert caught.value.hint == hint


def test_packed_files_are_read() -> None:
    packed = gzip.compress(b"1,2,3\n")
    assert read_patterns(packed, "x", THREE).tolist() == [[1, 2, 3]]


def test_missing_values_stay_where_the_net_can_fill_them() -> None:
    wanted = Wanted(shape=(3,), may_miss=True)
    for text in (b"1,,3\n4,5,?\n", b"1;NA;3\n4;5;nan\n"):
        found = read_patterns(text, "x", wanted)
        np.testing.assert_array_equal(found, [[1, np.nan, 3], [4, 5, np.nan]])
    np.testing.assert_array_equal(
        read_patterns(npy([[1, np.nan, 3]]), "x", wanted), [[1, np.nan, 3]]
    )


def test_bytes_that_are_no_text_are_told() -> None:
    with pytest.raises(DataError, match="expected text in UTF-8, found the byte 0xff") as caught:
        read_patterns(b"1,\xff\xfe", "x", THREE)
    assert str(caught.value.span) == "x:1:3"


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int8, np.uint16, np.bool_])
def test_arrays_are_read(kind: type[Any]) -> None:
    array = np.array([[1, 0, 1], [0, 1, 1]], kind)
    for content in (npy(array), npz(x=array), npz(x=array, y=np.zeros(2), names=["a"])):
        np.testing.assert_array_equal(read_patterns(content, "x", THREE), array)
    np.testing.assert_array_equal(read_patterns(npy(array[0]), "x", THREE), array[:1])


def test_arrays_may_have_the_shape_of_the_layer() -> None:
    array = np.arange(12.0).reshape(2, 2, 3)
    wanted = Wanted(shape=(2, 3))
    for given in (array, array.reshape(2, 6)):
        np.testing.assert_array_equal(read_patterns(npy(given), "x", wanted), array.reshape(2, 6))


def test_of_several_arrays_one_is_named() -> None:
    content = npz(a=np.zeros((2, 3)), b=np.ones((2, 3)))
    with pytest.raises(DataError, match=r"x: 2 arrays of a \(2, 3\), b \(2, 3\) can be patterns"):
        read_patterns(content, "x", THREE)
    named = Wanted(shape=(3,), array="b")
    np.testing.assert_array_equal(read_patterns(content, "x", named), np.ones((2, 3)))
    with pytest.raises(DataError, match="there is no array 'c'"):
        read_patterns(content, "x", Wanted(shape=(3,), array="c"))


# an array of 8 x 10^14 bytes, as it says
LARGE = npy(np.zeros((2, 3))).replace(b"(2, 3), }" + b" " * 12, b"(99999999, 999999), }")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (npy(np.zeros((2, 4))), "expected numbers of shape (n, 3), found float64 (2, 4)"),
        (npy(np.array([["a", "b", "c"]])), "expected numbers of shape (n, 3), found <U1 (1, 3)"),
        (npy(np.array([[1, 2, 3j]])), "expected numbers of shape (n, 3), found complex128"),
        (npy([[1, np.inf, 3]]), "input 1 of pattern 0 is inf, expected a finite number"),
        (npy([[1, 2, np.nan]]), "input 2 of pattern 0 is nan, expected a finite number"),
        (npy(np.array([{}], object)), "x holds Python objects, which are pickles"),
        (LARGE, "x: its header says 99999999 x 999999 values in"),
        (npy(np.zeros((2, 3)))[:-5], "x: its header says 2 x 3 values in 48 bytes, and 43 follow"),
        (npz(x=np.zeros((2, 4))), "expected numbers of shape (n, 3), found float64 (2, 4)"),
        (npz(x=np.zeros(4), y=np.zeros(5)), "no array of x (4,), y (5,) can be patterns of 3"),
        (npz(), "no array of none can be"),
        (npz(x=np.array([{}], object)), "x, array x holds Python objects, which are pickles"),
        (npz(x=np.zeros((2, 3)))[:60], "cannot read x as an npz file"),
        (b"PK\x03\x04", "cannot read x as an npz file"),
    ],
)
def test_what_is_wrong_in_an_array_is_told(content: bytes, said: str) -> None:
    with pytest.raises(DataError) as caught:
        read_patterns(content, "x", THREE)
    assert said in caught.value.message


def test_a_pickle_is_never_run() -> None:
    class Harm:
        def __reduce__(self) -> tuple[Any, ...]:
            return (pytest.fail, ("a pickle was run",))

    with pytest.raises(DataError, match="pickles"):
        read_patterns(npy(np.array([Harm()], object)), "x", THREE)


GREYS = np.array([[0, 51, 102], [153, 204, 255]])


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "TIFF", "PPM"])
@pytest.mark.parametrize("shape", [(2, 3), (1, 2, 3), (6,)])
def test_pictures_are_read(kind: str, shape: tuple[int, ...]) -> None:
    wanted = Wanted(shape=shape, dark=-1.0, light=1.0)
    found = read_patterns(png(GREYS, kind), "x", wanted)
    np.testing.assert_allclose(found, [[-1, -0.6, -0.2, 0.2, 0.6, 1]], atol=1e-12)
    inverted = read_patterns(png(GREYS, kind), "x", Wanted(shape=shape, dark=1.0, light=-1.0))
    np.testing.assert_allclose(inverted, -found, atol=1e-12)


def test_coloured_pictures_have_three_maps() -> None:
    colours = np.zeros((2, 2, 3))
    colours[0, 1] = 255, 51, 0
    found = read_patterns(png(colours), "x", Wanted(shape=(3, 2, 2)))
    np.testing.assert_allclose(found, [[0, 1, 0, 0, 0, 0.2, 0, 0, 0, 0, 0, 0]])
    grey = read_patterns(png(colours), "x", Wanted(shape=(2, 2)))
    assert 0 < grey[0, 1] < 1 and grey[0, 0] == 0


def test_what_shows_through_a_picture_is_white() -> None:
    points = np.zeros((1, 2, 4))
    points[0, 0, 3] = 255
    found = read_patterns(png(points), "x", Wanted(shape=(1, 2)))
    assert found.tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("content", "shape", "said"),
    [
        (png(GREYS), (3, 2), "x: the picture is 2 x 3, the net takes 3 x 2"),
        (png(GREYS), (5,), "x: the picture is 2 x 3, the net takes 5"),
        (png(GREYS), (2, 2, 3), "x: the picture is 2 x 3, the net takes 2 x 2 x 3"),
        (png(GREYS)[:40], (2, 3), "cannot read x as an image"),
        (b"\x89PNG\r\n\x1a\n", (2, 3), "cannot read x as an image"),
        (b"BM", (2, 3), "cannot read x as an image"),
        (b"\xff\xd8\xff\xe0", (2, 3), "cannot read x as an image"),
    ],
)
def test_what_is_wrong_with_a_picture_is_told(
    content: bytes, shape: tuple[int, ...], said: str
) -> None:
    with pytest.raises(DataError) as caught:
        read_patterns(content, "x", Wanted(shape=shape))
    assert caught.value.message.startswith(said)


def test_without_pillow_it_is_said_where_it_is_from(monkeypatch: pytest.MonkeyPatch) -> None:
    content = png(GREYS)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(DataError, match="which is not installed") as caught:
        read_patterns(content, "x", Wanted(shape=(2, 3)))
    assert caught.value.hint == "pip install 'sn[images]'"


def test_pictures_are_brought_to_size_where_that_is_asked_for() -> None:
    points = np.kron(GREYS, np.ones((3, 2)))
    with pytest.raises(DataError, match="the picture is 6 x 6, the net takes 2 x 3") as caught:
        read_patterns(png(points), "x", Wanted(shape=(2, 3)))
    assert caught.value.hint == "--resize brings it to that size"
    for shape in ((2, 3), (1, 2, 3)):
        found = read_patterns(png(points), "x", Wanted(shape=shape, resize=True))
        np.testing.assert_allclose(found, GREYS.reshape(1, 6) / 255)
    for flat in ((6,), (2, 2, 3)):
        with pytest.raises(DataError, match="the picture is 6 x 6") as caught:
            read_patterns(png(points), "x", Wanted(shape=flat, resize=True))
        assert caught.value.hint is None


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ((0.1, 0.9), (0, 1)),
        ((-1e-7, 1.0000001), (0, 1)),
        ((-0.2, 0.9), (-1, 1)),
        ((3.0, 240.0), (0, 255)),
        ((-3.0, 240.0), (-3, 240)),
        ((0.0, 256.0), (0, 256)),
    ],
)
def test_black_and_white_are_the_ends_of_a_usual_range(
    inputs: tuple[float, float], expected: tuple[float, float]
) -> None:
    assert usual_range(*inputs) == expected
