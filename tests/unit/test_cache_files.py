"""The kernel cache: what is kept comes back, and what is not what was kept does not."""

from __future__ import annotations

import errno
import os
import resource
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sn.cache import files as kernel_cache
from sn.cache.files import cache_folder, entries, entry_path, load, obstacle, prune, store
from sn.errors import SnError

KEY, OTHER = "0" * 32, "f" * 32
PAYLOAD = bytes(range(256)) * 40


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache; the folder is not made yet."""
    monkeypatch.setenv("SN_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SN_CACHE_LIMIT", raising=False)
    return tmp_path / "cache" / "kernels"


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def test_what_is_kept_comes_back(folder: Path) -> None:
    assert load(KEY) is None
    assert store(KEY, "zip", PAYLOAD)
    assert load(KEY) == PAYLOAD
    assert load(OTHER) is None
    assert leftovers(folder) == []


def test_the_folder_and_its_files_are_private(folder: Path) -> None:
    before = os.umask(0)
    try:
        assert store(KEY, "zip", PAYLOAD)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(entry_path(KEY).stat().st_mode) == 0o600


def test_the_folder_is_where_the_user_says(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder() == folder
    monkeypatch.delenv("SN_CACHE")
    assert cache_folder().name == "kernels"


# --- damage ---


def flipped(at: float) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[min(int(len(content) * at), len(content) - 1)] ^= 4
        path.write_bytes(content)

    return damage


def folder_instead(path: Path) -> None:
    path.unlink()
    (path / "below").mkdir(parents=True)


def link_instead(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def fifo_instead(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "empty": lambda path: path.write_bytes(b"") and None,
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]) and None,
    "half": lambda path: path.write_bytes(path.read_bytes()[:5000]) and None,
    "only the first line": lambda path: path.write_bytes(path.read_bytes()[:78]) and None,
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"\0") and None,
    "another file": lambda path: path.write_bytes("not utf-8: µ".encode("latin-1")) and None,
    "a bit of the checksum": flipped(0.002),
    "a bit of the heading": flipped(0.01),
    "a bit of the payload": flipped(0.5),
    "the last bit": flipped(1),
    "a folder": folder_instead,
    "a link": link_instead,
    "a pipe": fifo_instead,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_entry_is_written_again(damage: Callable[[Path], None], folder: Path) -> None:
    assert store(KEY, "zip", PAYLOAD)
    damage(entry_path(KEY))
    assert load(KEY) is None
    assert not os.path.lexists(entry_path(KEY))
    assert store(KEY, "zip", PAYLOAD)
    assert load(KEY) == PAYLOAD


def test_an_entry_under_the_name_of_another_is_not_taken() -> None:
    assert store(KEY, "zip", PAYLOAD)
    entry_path(KEY).rename(entry_path(OTHER))
    assert load(OTHER) is None


def test_a_folder_that_appears_before_the_entry_is_written_gives_way() -> None:
    entry_path(KEY).mkdir(parents=True)
    assert store(KEY, "zip", PAYLOAD)
    assert load(KEY) == PAYLOAD


def test_a_read_only_entry_is_read_and_replaced() -> None:
    assert store(KEY, "zip", PAYLOAD)
    entry_path(KEY).chmod(0o400)
    assert load(KEY) == PAYLOAD
    assert store(KEY, "zip", b"new")
    assert load(KEY) == b"new"


# --- a cache that cannot be used ---


def test_a_file_in_the_place_of_the_folder(folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("not a folder")
    assert not store(KEY, "zip", PAYLOAD)
    assert load(KEY) is None
    assert entries() == []
    assert folder.read_text() == "not a folder"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO])
def test_a_disk_that_does_not_take_it(
    code: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    folder.mkdir(0o700, parents=True)
    with monkeypatch.context() as patch:
        patch.setattr("os.replace", refuse)
        assert not store(KEY, "zip", PAYLOAD)
        patch.setattr("tempfile.mkstemp", refuse)
        assert not store(KEY, "zip", PAYLOAD)
    assert leftovers(folder) == []
    assert load(KEY) is None


def test_a_full_disk(folder: Path) -> None:
    """A process that may write 4000 bytes a file: the write itself fails, half done."""
    program = f"from sn.cache.files import store; print(store({KEY!r}, 'zip', bytes(10000)))"

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))

    command = [sys.executable, "-B", "-c", program]
    done = subprocess.run(command, preexec_fn=limit, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("False\n", "")
    assert list(folder.iterdir()) == []


READ_ONLY = """\
import os
from sn.cache.files import cache_folder, load, store
if os.geteuid() == 0:  # who may write anywhere
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
store("%(key)s", "zip", b"content")
cache_folder().chmod(0o500)
print(load("%(key)s"), store("%(other)s", "zip", b"content"))
cache_folder().chmod(0o700)
"""


def test_a_folder_that_cannot_be_written_is_still_read(monkeypatch: pytest.MonkeyPatch) -> None:
    program = READ_ONLY % {"key": KEY, "other": OTHER}
    # not below the folder of the tests, which is its owner's alone
    with tempfile.TemporaryDirectory() as base:
        monkeypatch.setenv("SN_CACHE", base)
        Path(base).chmod(0o777)
        command = [sys.executable, "-B", "-c", program]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("b'content' False\n", "")


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777, 0o1777])
def test_a_folder_that_others_may_write_is_not_used(mode: int, folder: Path) -> None:
    assert store(KEY, "zip", PAYLOAD)
    folder.chmod(mode)
    assert load(KEY) is None
    assert not store(OTHER, "zip", PAYLOAD)
    assert prune(-1) == []
    assert "chmod go-w" in str(obstacle(folder))
    folder.chmod(0o700)
    assert load(KEY) == PAYLOAD


def test_the_folder_of_another_user_is_not_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store(KEY, "zip", PAYLOAD)
    monkeypatch.setattr("os.geteuid", lambda: folder.stat().st_uid + 1)
    assert obstacle(folder) == "it belongs to another user"
    assert load(KEY) is None
    assert not store(OTHER, "zip", PAYLOAD)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_not_run() -> None:
    assert store(KEY, "zip", PAYLOAD)
    os.chown(entry_path(KEY), 12345, -1)
    assert load(KEY) is None
    assert store(KEY, "zip", PAYLOAD)
    assert load(KEY) == PAYLOAD


# --- its size ---


def fill(count: int) -> list[str]:
    """Keep `count` entries of some 10 kB, each used an hour after the one before."""
    keys = [f"{number:032x}" for number in range(count)]
    start = time.time() - 3600 * count
    for number, key in enumerate(keys):
        assert store(key, f"net-{number}", PAYLOAD)
        os.utime(entry_path(key), (start + 3600 * number,) * 2)
    return keys


def test_entries_tell_their_net_and_when_they_were_used() -> None:
    fill(3)
    there = entries()
    assert [entry.net for entry in there] == ["net-0", "net-1", "net-2"]
    assert all(len(PAYLOAD) < entry.size < len(PAYLOAD) + 300 for entry in there)
    assert there[1].used - there[0].used == pytest.approx(3600)
    assert all(abs(entry.made - time.time()) < 60 for entry in there)


def test_a_pipe_in_the_place_of_an_entry_holds_nobody_up(folder: Path) -> None:
    assert store(KEY, "zip", PAYLOAD)
    os.mkfifo(entry_path(OTHER))
    assert {entry.net for entry in entries()} == {"zip", None}
    assert load(OTHER) is None


def test_the_name_of_a_net_may_be_anything() -> None:
    for net in ["", "\n", "\ud800", "é" * 10_000, "\0", '"}']:
        assert store(KEY, net, PAYLOAD)
        assert load(KEY) == PAYLOAD
        assert [entry.net for entry in entries()] == [net[:100]]


def test_the_least_recently_used_go_when_one_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = fill(4)
    assert load(keys[0]) == PAYLOAD
    monkeypatch.setenv("SN_CACHE_LIMIT", "0.035")
    assert store(OTHER, "new", PAYLOAD)
    assert [entry.net for entry in entries()] == ["net-3", "net-0", "new"]


def test_a_limit_of_0_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SN_CACHE_LIMIT", "0")
    store(KEY, "zip", PAYLOAD)
    assert entries() == []


@pytest.mark.parametrize("text", ["many", "-1", "nan", "1 GB"])
def test_a_limit_that_is_no_number_is_said(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SN_CACHE_LIMIT", text)
    with pytest.raises(SnError, match=f"number of megabytes, 0 or more, but is '{text}'"):
        store(KEY, "zip", PAYLOAD)


def test_what_was_not_used_for_long_goes() -> None:
    fill(4)
    assert [entry.net for entry in prune(1e9, 2.5 * 3600)] == ["net-0", "net-1"]
    assert [entry.net for entry in entries()] == ["net-2", "net-3"]


def test_files_that_were_never_finished_go_after_an_hour(folder: Path) -> None:
    fill(1)
    old, young = folder / ".sn_kernel_0-a", folder / ".sn_kernel_0-b"
    for path in (old, young, folder / "notes.txt"):
        path.write_text("x")
    os.utime(old, (time.time() - 4000,) * 2)
    prune(1e9)
    assert leftovers(folder) == [young.name]
    assert (folder / "notes.txt").exists()


def test_writers_readers_and_prunes_at_once() -> None:
    keys = fill(20)

    def use(number: int) -> set[bytes | None]:
        found = set()
        for step in range(60):
            key = keys[(number + step) % len(keys)]
            found.add(load(key))
            if step % 3 == 0:
                assert store(key, "zip", PAYLOAD)
            if step % 7 == 0:
                prune(50_000)
        return found

    with ThreadPoolExecutor(4) as pool:
        found = set().union(*pool.map(use, range(4)))
    assert found == {PAYLOAD, None}
    assert kernel_cache.obstacle(cache_folder()) is None
    assert leftovers(cache_folder()) == []
