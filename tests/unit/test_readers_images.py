"""Images: classes as folders, sizes, modes, and files that are none."""

from __future__ import annotations

import struct
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sn.data import OwnData, images
from sn.errors import DataError, SettingError, render


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four images in two folders: of the class 10 black and white, of 9 grey."""
    for name, grey in (("10/b.png", 0), ("10/a.png", 255), ("9/x.PNG", 102), ("9/y.bmp", 51)):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        Image.new("L", (3, 2), grey).save(file)
    (tmp_path / "9" / "notes.txt").write_text("no image")
    (tmp_path / "9" / ".hidden.png").write_text("no image")
    (tmp_path / ".git").mkdir()
    return tmp_path


def told(source: Any, base: Path) -> str:
    with pytest.raises(DataError) as caught:
        source.read(base)
    return render(caught.value).replace(f"{base}/", "")


def test_a_folder_is_a_class(folder: Path) -> None:
    rows = images(".").read(folder)
    np.testing.assert_allclose(rows.inputs[:, 0], [1, 0, 0.4, 0.2], atol=1e-7)
    assert (rows.inputs.shape, rows.inputs.dtype, rows.shape) == ((4, 6), np.float32, (2, 3))
    assert rows.classes == ("9", "10")
    assert rows.targets is not None
    assert rows.targets.tolist() == [1, 1, 0, 0]


def test_colours_are_planes(tmp_path: Path) -> None:
    Image.new("RGB", (3, 2), (255, 0, 51)).save(tmp_path / "a.png")
    rows = images(".", "rgb").read(tmp_path)
    assert rows.shape == (3, 2, 3)
    np.testing.assert_allclose(rows.inputs[0], [1] * 6 + [0] * 6 + [0.2] * 6, atol=1e-7)
    assert rows.targets is None


def test_images_are_brought_to_one_size(folder: Path) -> None:
    Image.new("L", (8, 8), 255).save(folder / "9" / "z.png")
    rows = images(".", size=(4, 4)).read(folder)
    assert (rows.inputs.shape, rows.shape) == ((5, 16), (4, 4))
    assert told(images("."), folder) == (
        "error: 9/z.png: expected 2 x 3 pixels, as 10/a.png has, found 8 x 8\n"
        "  hint: (size 2 3) brings all images to one size"
    )


def test_white_shows_through_what_is_transparent(tmp_path: Path) -> None:
    image = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
    image.putpixel((1, 0), (0, 0, 0, 255))
    image.save(tmp_path / "a.png")
    assert images(".").read(tmp_path).inputs.tolist() == [[1, 0]]


def test_a_test_folder_is_held_to_classes_and_size(folder: Path) -> None:
    Image.new("L", (6, 4), 255).save(folder / "9" / "x.PNG")
    other = folder / "test" / "9"
    other.mkdir(parents=True)
    Image.new("L", (3, 2), 255).save(other / "q.png")
    for name in ("9", "10"):
        (folder / "train" / name).parent.mkdir(exist_ok=True)
        (folder / name).rename(folder / "train" / name)
    data = OwnData(images("train", size=(2, 3)), folder, test=images("test"))
    found, _ = data.load()
    assert found.test.targets.tolist() == [0]
    other.rename(other.parent / "8")
    with pytest.raises(DataError, match="expected one of the classes 9, 10, found '8'"):
        data.load()


def test_what_is_no_image_is_told(folder: Path) -> None:
    bad = folder / "9" / "bad.png"
    bad.write_text("no image")
    assert "cannot read 9/bad.png as an image" in told(images("."), folder)
    whole = (folder / "10" / "a.png").read_bytes()
    for n in range(0, whole.index(b"IDAT") + 4, 7):
        bad.write_bytes(whole[:n])
        assert "cannot read 9/bad.png as an image" in told(images("."), folder)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    """A few bytes claim ten billion pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    raw = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0"))
    (tmp_path / "a.png").write_bytes(raw + chunk(b"IEND", b""))
    message = told(images("."), tmp_path)
    assert "a.png" in message and "pixels" in message


def test_folders_without_images(tmp_path: Path) -> None:
    assert "has no images" in told(images("."), tmp_path)
    (tmp_path / "cats").mkdir()
    assert told(images("."), tmp_path).startswith("error: cats has no images")
    assert "cannot read the folder none: No such file" in told(images("none"), tmp_path)


def test_without_pillow_the_extra_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert told(images("."), folder).endswith(
        "needs Pillow, which is not installed\n  hint: pip install 'sn[images]'"
    )


def test_wrong_options_are_told() -> None:
    with pytest.raises(SettingError, match="grey or rgb, found 'gray'"):
        images(".", "gray")
    with pytest.raises(SettingError, match="at most 67,108,864 pixels"):
        images(".", size=(10**5, 10**5))


def test_what_the_library_of_tiff_says_is_not_on_the_screen(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """It writes past Python; the message that is told says what is wrong."""
    Image.new("L", (4, 3), 1).save(tmp_path / "a.tiff")
    raw = bytearray((tmp_path / "a.tiff").read_bytes())
    at = raw.index(b"\x03\x01\x03\x00\x01\x00\x00\x00\x01\x00")  # the tag of no compression
    raw[at + 8] = 4  # fax, of one bit a point
    (tmp_path / "a.tiff").write_bytes(raw)
    assert "cannot read a.tiff as an image" in told(images("."), tmp_path)
    assert capfd.readouterr().err == ""
