"""The text of a program: UTF-8, or Latin-1 as a whole where it is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from sn.errors import read_source
from sn.program_text import program_text
from sn.session import Session


@pytest.mark.parametrize(("encoding", "code"), [("utf-8", 233.0), ("latin-1", 233.0)])
def test_a_letter_has_one_code_in_both_encodings(
    tmp_path: Path, encoding: str, code: float
) -> None:
    file = tmp_path / "accents.sn"
    file.write_bytes('(setq code (asc "é"))\r\n(setq word "été")\n'.encode(encoding))
    session = Session()
    program = session.load(file)
    assert session.interpreter.get_global("code") == code
    assert session.interpreter.get_global("word") == "été"
    assert read_source(str(file)) == program.source


@pytest.mark.parametrize("end", [b"\x1a", b"\r\n\x1a", b"\x1a\x1a\0\0\r\n"])
def test_the_end_of_a_file_of_dos_is_none_of_its_text(tmp_path: Path, end: bytes) -> None:
    file = tmp_path / "dos.sn"
    file.write_bytes(b"(print 1)\r\n; \x1a is a letter here\r\n(print 2)" + end)
    assert program_text(file).split() == "(print 1) ; \x1a is a letter here (print 2)".split()
