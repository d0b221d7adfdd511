"""Where a log is: files, patterns, gzip, pipes; what breaks off is read as far as it goes."""

from __future__ import annotations

import gzip
import io
import os
import stat
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from halley.records.report.sources import LogError, expanded, opened, trimmed

LINES = b"".join(b'{"line": %d}\n' % number for number in range(20_000))


def read(*names: object) -> list[tuple[str, bytes, bool]]:
    """Open logs; return the name, the plain bytes and whether it breaks off, of each."""
    with TemporaryDirectory() as folder:
        sources = opened(map(str, names), Path(folder))
        return [(source.name, source.path.read_bytes(), source.cut) for source in sources]


def test_a_plain_file_is_read_where_it_stands(tmp_path: Path):
    """No copy is made of it."""
    path = tmp_path / "app.jsonl"
    path.write_bytes(LINES)
    (source,) = opened([str(path)], tmp_path / "copies")
    assert source.path == path


def test_a_pattern_finds_rotated_and_compressed_logs(tmp_path: Path):
    """By what they hold, not by how they are called; a folder among them is no log."""
    (tmp_path / "app.jsonl").write_bytes(b"1\n")
    (tmp_path / "app.jsonl.1").write_bytes(gzip.compress(b"2\n") + gzip.compress(b"3\n"))
    (tmp_path / "app.jsonl.old").mkdir()
    found = read(tmp_path / "app.jsonl*")
    assert [(Path(name).name, text, cut) for name, text, cut in found] == [
        ("app.jsonl", b"1\n", False),
        ("app.jsonl.1", b"2\n3\n", False),
    ]


def test_a_file_that_is_named_twice_counts_once(tmp_path: Path):
    """Also under another name."""
    path = tmp_path / "app.jsonl"
    path.write_bytes(b"1\n")
    (tmp_path / "link.jsonl").symlink_to(path)
    assert expanded([str(path), str(tmp_path / "*"), f"{tmp_path}/./app.jsonl"]) == [str(path)]


def test_gzip_that_breaks_off_gives_what_it_holds(tmp_path: Path):
    """As of a file that is being rotated; and junk after it, or in it, is a break as well."""
    packed = gzip.compress(LINES)
    path = tmp_path / "cut.gz"
    for damaged in (packed[: len(packed) // 2], packed[:9_000] + b"\0" * 9_000):
        path.write_bytes(damaged)
        ((_, text, cut),) = read(path)
        assert cut
        assert LINES.startswith(text[:1_000])
        assert len(text) > 10_000


def test_a_name_that_looks_like_a_pattern_is_a_name_first(tmp_path: Path):
    """DuckDB would look for files that fit it."""
    path = tmp_path / "app[1]*.jsonl"
    path.write_bytes(b"1\n")
    copies = tmp_path / "copies"
    copies.mkdir()
    (source,) = opened([str(path)], copies)
    assert (source.name, source.path.read_bytes()) == (str(path), b"1\n")
    assert not set("[*?") & set(source.path.name)


@pytest.mark.parametrize("content", [b"1\n", gzip.compress(b"1\n")], ids=["plain", "gzip"])
def test_stdin_and_a_pipe_are_copied(tmp_path: Path, monkeypatch, content: bytes):
    """Into files that nobody else may read."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(content,))
    writer.start()
    sources = opened(["-", str(pipe)], tmp_path)
    writer.join()
    assert [source.name for source in sources] == ["stdin", str(pipe)]
    for source in sources:
        assert source.path.read_bytes() == b"1\n"
        assert stat.S_IMODE(source.path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.jsonl", "missing.jsonl: cannot be read: No such file or directory"),
        ("no-*.jsonl", "no-*.jsonl: fits no file"),
        (".", ".: is a directory: name its files, as in './*'"),
    ],
)
def test_what_cannot_be_opened_is_named(tmp_path: Path, monkeypatch, name: str, message: str):
    """With what to do."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LogError) as caught:
        read(name)
    assert str(caught.value) == message


def test_trimming_keeps_the_numbers_of_the_lines(tmp_path: Path):
    """A line beyond the limit becomes a damaged one in its place, up to the last."""
    path = tmp_path / "app.jsonl"
    path.write_bytes(b"a\n" + b"b" * 100 + b"\nc\n" + b"d" * 95)
    (source,) = opened([str(path)], tmp_path)
    copy = trimmed(source, tmp_path / "copy", 10)
    assert copy.path.read_bytes() == b"a\n!\nc\n!\n"
