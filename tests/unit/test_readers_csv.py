"""The CSV reader: what it finds in a table, and what it says of a wrong one."""

from __future__ import annotations

import csv
import io
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sn.data import OwnData, Shares
from sn.data.readers.csv import Csv
from sn.data.rows import Encoding, Rows, TargetKind
from sn.errors import DataError, SettingError, render

IRIS = (
    "sepal length,sepal width,kind\n5.1,3.5,setosa\n4.9,3.0,setosa\n6.3,3.3,virginica\n"
    "5.7,2.8,versicolor\n"
)


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def read(text: str | bytes, may_miss: bool = False, **options: Any) -> Rows:
        raw = text if isinstance(text, bytes) else text.encode()
        (tmp_path / "t.csv").write_bytes(raw)
        return Csv("t.csv", **options).read(tmp_path, may_miss)

    return read


@pytest.fixture
def failing(read: Any, tmp_path: Path) -> Any:
    """Return the whole message for a wrong file, without the folder."""

    def failing(text: str | bytes, may_miss: bool = False, **options: Any) -> str:
        with pytest.raises(DataError) as caught:
            read(text, may_miss, **options)
        return render(caught.value).replace(f"{tmp_path}/", "")

    return failing


def test_header_and_separator_are_found_out(read: Any) -> None:
    rows = read(IRIS, label="kind")
    np.testing.assert_array_equal(
        rows.inputs, np.array([[5.1, 3.5], [4.9, 3.0], [6.3, 3.3], [5.7, 2.8]], np.float32)
    )
    assert (rows.inputs.dtype, rows.inputs.flags.c_contiguous) == (np.float32, True)
    assert rows.kind is TargetKind.CLASSES
    assert rows.classes == ("setosa", "versicolor", "virginica")
    assert rows.targets.tolist() == [0, 0, 2, 1]
    assert rows.names == ("sepal length", "sepal width")
    assert rows.encodings == (Encoding("sepal length"), Encoding("sepal width"))


@pytest.mark.parametrize("separator", ["\t", ";", ",", "|", " "])
def test_every_separator_is_found_out(read: Any, separator: str) -> None:
    rows = read("1,2,a\n3,4,b\n".replace(",", separator), label=2)
    assert rows.inputs.tolist() == [[1, 2], [3, 4]]
    assert rows.classes == ("a", "b")


def test_columns_are_divided_by_any_number_of_blanks(read: Any) -> None:
    rows = read("  6.0000  -1.0 0.5 \n 5.0\t-0.5   1.0\n\n   \n", label=0)
    assert rows.inputs.tolist() == [[-1, 0.5], [-0.5, 1]]
    assert rows.classes == ("5", "6")


@pytest.mark.parametrize(
    ("inputs", "label", "expected"),
    [((0, 2), 3, [[1, 3], [5, 7]]), ((-2, "a"), "d", [[3, 1], [7, 5]]), (None, -1, None)],
)
def test_columns_are_numbers_from_either_end_or_names(
    read: Any, inputs: Any, label: Any, expected: Any
) -> None:
    rows = read("a,b,c,d\n1,2,3,4\n5,6,7,8\n", inputs=inputs, label=label)
    assert rows.inputs.tolist() == (expected or [[1, 2, 3], [5, 6, 7]])
    assert rows.classes == ("4", "8")


def test_class_names_that_are_numbers_are_numbered_as_numbers(read: Any) -> None:
    rows = read("1,10\n1,9\n1,2.0\n1,09\n", label=1)
    assert rows.classes == ("2", "9", "10")
    assert rows.targets.tolist() == [2, 1, 0, 1]
    assert rows.targets.dtype == np.int32


def test_several_labels_and_real_values(read: Any) -> None:
    text = "x,red,round,mass\n1,yes,0,2.5\n2,No,1,-1e3\n"
    rows = read(text, inputs="x", labels=("red", "round"))
    assert (rows.kind, rows.classes) == (TargetKind.LABELS, ("red", "round"))
    assert rows.targets.tolist() == [[True, False], [False, True]]
    rows = read(text, inputs=0, targets="mass")
    assert (rows.kind, rows.classes) == (TargetKind.VALUES, ("mass",))
    assert (rows.targets.tolist(), rows.targets.dtype) == ([[2.5], [-1000]], np.float32)


def test_a_table_of_letters_alone_has_a_unit_for_each_value(read: Any) -> None:
    rows = read("p,x,s,n\ne,x,y,n\ne,b,s,w\np,x,y,n\n", label=0)
    assert rows.classes == ("e", "p")
    assert rows.encodings == (
        Encoding("", ("b", "x")), Encoding("", ("s", "y")), Encoding("", ("n", "w")),
    )  # fmt: skip
    assert rows.names == ("1=b", "1=x", "2=s", "2=y", "3=n", "3=w")
    assert rows.inputs.tolist() == [
        [0, 1, 1, 0, 1, 0],
        [0, 1, 0, 1, 1, 0],
        [1, 0, 1, 0, 0, 1],
        [0, 1, 0, 1, 1, 0],
    ]


def test_a_header_of_a_table_of_letters_is_found_out(read: Any) -> None:
    rows = read("edible,cap\np,x\ne,x\ne,b\n", label="edible")
    assert rows.names == ("cap=b", "cap=x")
    assert len(read("edible,cap\np,x\ne,x\ne,b\n", label=0).inputs) == 3
    assert len(read("edible,cap\np,x\ne,x\ne,b\n", label=0, header=False).inputs) == 4


def test_listed_columns_are_names_even_where_they_are_numbers(read: Any) -> None:
    rows = read("1,?,a\n2,1,b\n1,b,a\n", label=2, categories=(0, 1))
    assert rows.encodings == (Encoding("", ("1", "2")), Encoding("", ("1", "?", "b")))
    assert rows.inputs.tolist() == [[1, 0, 0, 1, 0], [0, 1, 1, 0, 0], [1, 0, 0, 0, 1]]


def test_another_file_is_held_to_what_the_first_one_has(read: Any, failing: Any) -> None:
    first = read("cap,size,kind\nx,1,p\nb,2,e\ns,3,q\n", label="kind")
    held = Csv("", label="kind").held_to(first)
    options = {"label": "kind", "classes": held.classes, "encodings": held.encodings}
    rows = read("cap,size,kind\ns,5,e\nx,6,e\n", **options)
    assert rows.classes == ("e", "p", "q")
    assert rows.targets.tolist() == [0, 0]
    assert rows.inputs.tolist() == [[0, 1, 0, 5], [0, 0, 1, 6]]
    assert failing("cap,size,kind\ns,5,e\nz,6,e\n", **options) == (
        "t.csv:3:1: error: column 0 ('cap'): expected one of the values of this column in the "
        "training rows, found 'z'\n   3 | z,6,e\n     | ^\n  hint: it has b, s, x"
    )
    assert "t.csv:2:5: error: column 2 ('kind'): expected one of the classes e, p, q" in failing(
        "cap,size,kind\ns,5,w\n", **options
    )
    assert "column 1 ('size'): expected a number, found 'big'" in failing(
        "cap,size,kind\ns,big,e\n", **options
    )
    assert "no column is called 'size'" in failing("cap,kind\ns,e\n", **options)
    options = {"label": -1, "encodings": held.encodings, "header": False}
    assert "expected 2 columns of inputs, as in the training rows, found 1" in failing(
        "s,e\n", **options
    )


def test_columns_of_another_file_are_found_by_name(read: Any, failing: Any) -> None:
    """In another order, with more beside them, and where one row alone does not show a header."""
    first = read("a,b,kind\n1,2,x\n3,4,y\n", label=2)
    options = {"label": "kind", "encodings": first.encodings}
    rows = read("kind,b,more,a\nx,5,7,6\n", **options)
    assert rows.inputs.tolist() == [[6, 5]]
    assert read("b,a\n5,6\n", encodings=first.encodings).inputs.tolist() == [[6, 5]]
    assert read("5,6\n", encodings=first.encodings).inputs.tolist() == [[5, 6]]
    assert "t.csv:2:1: error: column 0 ('b'): expected a number, found 'z'" in failing(
        "b,a\nz,6\n", encodings=first.encodings
    )


def test_own_data_holds_the_test_file_to_the_training_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("cap,kind\nx,p\nb,e\ns,e\n")
    (tmp_path / "b.csv").write_text("cap,kind\ns,p\nx,p\n")
    data = OwnData(Csv("a.csv", label="kind"), tmp_path, test=Csv("b.csv", label="kind"))
    found, _ = data.load()
    assert found.test.inputs.tolist() == [[0, 1, 0], [0, 0, 1]]
    assert found.test.targets.tolist() == [1, 1]


def test_bytes_of_other_programs_are_understood(read: Any) -> None:
    rows = read(b'\xef\xbb\xbfa,"b ""c"", d"\r\n1,"2\r\n"\r\n\r\n3, "4"\r\n', inputs=(0, 1))
    assert rows.names == ("a", 'b "c", d')
    assert rows.inputs.tolist() == [[1, 2], [3, 4]]
    assert rows.targets is None


def test_a_file_of_dos_ends_with_its_mark(read: Any) -> None:
    assert read(b"1,2\r\n3,4\r\n\x1a").inputs.tolist() == [[1, 2], [3, 4]]


def test_lines_are_counted_through_quoted_ones(failing: Any) -> None:
    assert failing('a,b\n"x\ny",1\n\n"z", u\nw,2\n', label=0, targets=()) == (
        "t.csv:5:6: error: column 1 ('b'): expected a number, found 'u'\n"
        '   5 | "z", u\n     |      ^\n'
        '  hint: write a number, as in line 2; or (categories "b") makes one input of each value '
        "of the column"
    )


def test_missing_values_may_be_allowed(read: Any) -> None:
    text = "a,b,c\n1,,x\nNA,2,?\n?,nan,y\n4,3,y\n"
    rows = read(text, may_miss=True)
    nan = float("nan")
    np.testing.assert_array_equal(
        rows.inputs, [[1, nan, 1, 0], [nan, 2, nan, nan], [nan, nan, 0, 1], [4, 3, 0, 1]]
    )
    assert rows.names == ("a", "b", "c=x", "c=y")


WRONG: dict[str, tuple[Any, dict[str, Any], str]] = {
    "empty": ("", {}, "error: t.csv is empty"),
    "blank": ("\n \n\n", {}, "error: t.csv is empty"),
    "header only": ("a,b\n", {"label": "b"}, "error: t.csv has a header and no rows"),
    "ragged, short": (
        "1,2,3\n4,5\n",
        {},
        "t.csv:2:3: error: expected 3 fields, as in line 1, found 2",
    ),
    "ragged, long": (
        "1,2\n4,5\n6,7,8\n",
        {},
        "t.csv:3:5: error: expected 2 fields, as in line 1, found 3",
    ),
    "text": ("1,2\n3,4\n5,six\n", {}, "t.csv:3:3: error: column 1: expected a number, found 'six'"),
    "text first": (
        "six,2\n3,4\n",
        {},
        "t.csv:1:1: error: column 0: expected a number, found 'six'\n"
        "   1 | six,2\n     | ^^^\n  hint: (header yes) takes the first line",
    ),
    "comma": (
        "1;2,5\n3;4\n",
        {},
        "t.csv:1:3: error: column 1: expected a number, found '2,5'\n"
        "   1 | 1;2,5\n     |   ^^^\n  hint: numbers are written with a point: 2.5",
    ),
    "underscore": (
        "1,2\n3,4_0\n",
        {},
        "t.csv:2:3: error: column 1: expected a number, found '4_0'",
    ),
    "missing": ("1,2\n3,\n", {}, "t.csv:2:3: error: column 1: expected a value, it is empty"),
    "NA": (
        "a,b\n1,2\n3,NA\n",
        {},
        "t.csv:3:3: error: column 1 ('b'): expected a value, found 'NA'",
    ),
    "nan": ("1,2\n3,NaN\n", {}, "t.csv:2:3: error: column 1: expected a value, found 'NaN'"),
    "question": (
        "x,a\ny,?\n",
        {"label": 0},
        "t.csv:2:3: error: column 1: expected a value, found '?'",
    ),
    "inf": (
        "1,2\n3,-inf\n",
        {},
        "t.csv:2:3: error: column 1: expected a finite number, found -inf",
    ),
    "large": (
        "1,2\n3,1e39\n",
        {},
        "t.csv:2:3: error: column 1: expected a number up to 3.4e38, found '1e39'",
    ),
    "no column": (
        "1,2\n",
        {"label": 2},
        "error: t.csv: there is no column 2; it has 2, from 0 to 1",
    ),
    "no name": (
        "abc,b\n1,2\n",
        {"label": "abd"},
        "no column is called 'abd'\n  hint: did you mean 'abc'?",
    ),
    "twice": (
        "a,a\n1,2\n",
        {"label": "a"},
        "2 columns are called 'a'\n  hint: take one by its number: 0 or 1",
    ),
    "class": (
        "1,x\n2,y\n",
        {"label": 1, "classes": ("x", "z")},
        "t.csv:2:3: error: column 1: expected one of the classes x, z, found 'y'",
    ),
    "no class": (
        "1,x\n2, \n",
        {"label": 1},
        "t.csv:2:4: error: column 1: expected a class, it is empty",
    ),
    "label": (
        "1,1\n2,2\n",
        {"labels": 1},
        "t.csv:2:3: error: column 1: expected 1 or 0, or yes or no, found '2'",
    ),
    "value": (
        "1,1\n2,?\n",
        {"targets": 1},
        "t.csv:2:3: error: column 1: expected a value, found '?'",
    ),
    "value text": (
        "1,u\n2,v\n",
        {"targets": 1},
        "t.csv:1:3: error: column 1: expected a number, found 'u'",
    ),
    "no inputs": ("1\n2\n", {"label": 0}, "no column is left for the inputs"),
    "separator": (
        "1,2\n3,4\n",
        {"separator": ";"},
        "t.csv has one column when divided by ';'\n  hint: (separator \",\") finds 2",
    ),
    "latin": (
        b"a,b\n1,x\n2,caf\xe9\n",
        {},
        "t.csv:3:6: error: expected text in UTF-8, found the byte 0xe9",
    ),
    "utf-16": ("1,2\n".encode("utf-16"), {}, "expected a table as text, found text in UTF-16"),
    "control": (
        b"a,b\n1,x\n2,\x1b[31m\n",
        {},
        "t.csv:3:3: error: expected text, found the control character 0x1b\n"
        "   3 | 2,\N{REPLACEMENT CHARACTER}[31m\n     |   ^",
    ),
    "packed": (b"\x1f\x8b\x08", {}, "found a gzip file\n  hint: unpack it first"),
    "quote": ('1,2\n3,"4\n5,6\n', {}, "t.csv:2:1: error: the row that starts here is badly quoted"),
    "after quote": ('1,2\n3,"4"5\n', {}, "badly quoted"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_with_its_place(failing: Any, case: str) -> None:
    text, options, message = WRONG[case]
    assert message in failing(text, **options)


def test_a_missing_value_is_told_what_to_write(failing: Any) -> None:
    assert failing("1,2\n3,\n").endswith(
        "\n  hint: (missing mean) fills it with the mean of its column, or leave the row out"
    )


def test_a_missing_name_may_be_a_name_of_its_own(failing: Any) -> None:
    text = "edible,root\np,bulb\ne,?\np,club\n"
    assert failing(text, label="edible").endswith(
        "\n  hint: (missing mean) fills it with the mean of its column, or leave the row out; "
        '(categories "root") takes ? for one of its names'
    )


def test_a_missing_class_or_target_is_never_filled(failing: Any) -> None:
    assert "expected a class" in failing("1,x\n2,\n", may_miss=True, label=1)
    assert "expected a value" in failing("1,2\n2,\n", may_miss=True, targets=1)


def test_a_column_of_names_of_rows_is_refused(failing: Any) -> None:
    text = "".join(f"row{number},1\n" for number in range(1200))
    assert "t.csv:1001:1: error: column 0: this column of text has more than 1000" in failing(text)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read .*none\.csv: No such file"):
        Csv("none.csv").read(tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label": 1, "targets": 2}, "targets are of one kind, found label and targets"),
        ({"separator": "::"}, "a separator is one character"),
        ({"separator": '"'}, "a separator is not a quote"),
        ({"inputs": (1.5,)}, r"a column is a number from 0 or a name of the header, found 1\.5"),
        ({"inputs": (True,)}, "found True"),
    ],
)
def test_wrong_options_are_told(options: Any, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        Csv("t.csv", **options)


def test_a_hundred_thousand_rows_take_less_than_two_seconds(tmp_path: Path) -> None:
    """The time of the processor, of which a third is needed here, with other programs beside it."""
    stream = np.random.default_rng(0)
    numbers = stream.normal(size=(1000, 10)).astype(np.float32)
    text = "".join(
        f"{','.join(map(repr, row))},c{row[0] > 0:d}\n" for row in numbers.astype(float).tolist()
    )
    (tmp_path / "t.csv").write_text(text * 100)
    start = time.process_time()
    rows = Csv("t.csv", label=10).read(tmp_path)
    elapsed_s = time.process_time() - start
    np.testing.assert_array_equal(rows.inputs, np.tile(numbers, (100, 1)))
    np.testing.assert_array_equal(rows.targets, np.tile(numbers[:, 0] > 0, 100))
    assert elapsed_s < 2


def test_a_split_of_a_table(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("".join(f"{row},{'ab'[row % 2]}\n" for row in range(10)))
    found, note = OwnData(Csv("t.csv", label=1), tmp_path, split=Shares(every=5)).load()
    assert found.test.inputs.ravel().tolist() == [4, 9]
    assert note.endswith("t.csv; 8 for training, 2 for test; 2 classes")


texts = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp", "Cf", "Nd", "No", "Nl")),
    min_size=1,
    max_size=8,
).filter(lambda text: not text.strip("?") == "" and text.lower() not in ("nan", "inf", "infinity"))


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.floats(width=32, allow_nan=False, allow_infinity=False), texts, texts),
        min_size=1,
        max_size=12,
    ),
    separator=st.sampled_from([",", ";", "\t", "|"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_what_python_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: Any, separator: str, quoting: Any, end: str
) -> None:
    file = tmp_path_factory.mktemp("csv") / "t.csv"
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=separator, quoting=quoting, lineterminator=end)
    writer.writerow(["number", "word", "kind"])
    writer.writerows(rows)
    file.write_bytes(written.getvalue().encode())
    options: Any = {"separator": separator, "header": True, "categories": "word"}
    found = Csv(str(file), label="kind", **options).read(Path())
    assert found.targets is not None
    expected = np.array([row[0] for row in rows], np.float32)
    np.testing.assert_array_equal(found.inputs[:, 0], expected)
    values = found.encodings[1].values
    assert [values[unit] for unit in found.inputs[:, 1:].argmax(axis=1)] == [row[1] for row in rows]
    assert [found.classes[number] for number in found.targets] == [row[2] for row in rows]


@settings(max_examples=300, deadline=None)
@given(
    raw=st.one_of(
        st.binary(max_size=80),
        st.text('ab1.,;\t|" \r\n?-e_', max_size=80).map(str.encode),
    ),
    options=st.sampled_from(
        [{}, {"label": 0}, {"label": "a"}, {"targets": -1}, {"labels": (0, 1)}, {"header": True},
         {"separator": " "}, {"categories": 0}, {"separator": "\t", "header": False}]
    ),
    may_miss=st.booleans(),
)  # fmt: skip
def test_hostile_bytes_give_rows_or_a_data_error(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes, options: Any, may_miss: bool
) -> None:
    file = tmp_path_factory.mktemp("csv") / "t.csv"
    file.write_bytes(raw)
    try:
        rows = Csv(str(file), **options).read(Path(), may_miss)
    except DataError as error:
        assert render(error)
    else:
        assert rows.inputs.ndim == 2 and len(rows.inputs)
        assert may_miss or np.isfinite(rows.inputs).all()
