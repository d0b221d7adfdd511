"""Raw error bodies: private, whole, bounded in number, and only where somebody asked for them."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import halley
from halley.records import capture
from halley.records.capture import keep
from tests.lines import QUICK, Answer, Line, failing, fault

pytestmark = pytest.mark.skipif(os.name != "posix", reason="file modes")
NOBODY = 65534
KEY = "sk-" + "k7" * 20
BODY = b'{"error":{"message":"no (request id: 2026AbC)","param":"\xff"}}'


def kept(folder: Path) -> list[Path]:
    """The files, oldest first."""
    return sorted(folder.iterdir()) if folder.exists() else []


def policy(folder: Path) -> halley.Policy:
    """Quick, and keeping bodies."""
    return QUICK.override({"capture": str(folder), "records": str(folder.parent / "log")})


def test_each_error_body_is_kept_as_it_came(line: Line, tmp_path: Path):
    """One file an attempt, named so that the record leads to it; the hash is that of the record."""
    folder = tmp_path / "bodies"
    line.client(failing(503, BODY), failing(400, BODY), policy=policy(folder)).post()
    files = kept(folder)
    assert [file.read_bytes() for file in files] == [BODY, BODY]
    records = [json.loads(text) for text in (tmp_path / "log").read_text().splitlines()]
    names = [f"-{record['call_id']}-{record['attempt']}.body" for record in records]
    assert all(file.name.endswith(name) for file, name in zip(files, names, strict=True))
    assert {record["error_sha256"] for record in records} == {hashlib.sha256(BODY).hexdigest()}


def test_they_are_their_owners_alone(line: Line, tmp_path: Path):
    """Directory and file, whatever the umask allows."""
    before = os.umask(0)
    try:
        line.client(failing(400, BODY), policy=policy(tmp_path / "bodies")).post()
    finally:
        os.umask(before)
    (file,) = kept(tmp_path / "bodies")
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (file.parent, file)]
    assert modes == [0o700, 0o600]


def test_an_echoed_key_is_masked(line: Line, tmp_path: Path):
    """A key is in no file of ours."""
    body = f'{{"error":"bad key {KEY}"}}'.encode()
    caller = line.client(failing(401, body), policy=policy(tmp_path / "bodies"))
    caller.post(headers={"authorization": f"Bearer {KEY}"})
    (file,) = kept(tmp_path / "bodies")
    assert file.read_bytes() == body.replace(KEY.encode(), b"*" * len(KEY))


@pytest.mark.parametrize("answer", [Answer(), fault("ReadError")], ids=["success", "fault"])
def test_a_success_and_a_fault_leave_nothing(line: Line, tmp_path: Path, answer: Answer):
    """There is no error body to keep."""
    caller = line.client(answer, policy=policy(tmp_path / "bodies").override({"attempts": 1}))
    if answer.error:
        with pytest.raises(line.error("ReadError")):
            caller.post()
    else:
        caller.post()
    assert kept(tmp_path / "bodies") == []


def test_it_is_off_unless_asked_for(line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """No file appears anywhere near."""
    monkeypatch.chdir(tmp_path)
    line.client(failing(400, BODY)).post()
    assert kept(tmp_path) == []


def spoil(folder: Path, kind: str) -> None:
    """Put something in the place of a directory that is no place for secrets."""
    match kind:
        case "open to others":
            folder.mkdir()
            folder.chmod(0o750)
        case "a link":
            (folder.parent / "elsewhere").mkdir(0o700)
            folder.symlink_to("elsewhere")
        case "a dangling link":
            folder.symlink_to("missing")
        case "a file":
            folder.write_text("")


UNUSABLE = {
    "open to others": "expected a directory of yours with mode 0700",
    "a link": "Not a directory",
    "a dangling link": "Not a directory",
    "a file": "Not a directory",
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_a_place_that_is_not_private_makes_no_client(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
):
    """The setting, its value, what is allowed and what is wrong, in one line; nothing is made."""
    monkeypatch.chdir(tmp_path)
    spoil(Path("bodies"), kind)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(halley.PolicyError) as caught:
        halley.Client(policy=halley.Policy(capture="bodies"))
    allowed = "a writable directory of yours with mode 0700, or a new one where it can be made"
    assert str(caught.value) == f"capture: expected {allowed}, got 'bodies': {UNUSABLE[kind]}"
    assert sorted(tmp_path.rglob("*")) == before


def test_a_place_into_nowhere_makes_no_client(tmp_path: Path):
    """No directory above the one that is asked for is made."""
    with pytest.raises(halley.PolicyError, match=r"^capture: .*: No such file or directory$"):
        halley.Client(policy=halley.Policy(capture=str(tmp_path / "missing" / "bodies")))
    assert kept(tmp_path) == []


def test_a_directory_that_takes_no_files_makes_no_client():
    """It is private and there, but its owner may only read it."""
    with TemporaryDirectory() as place, unprivileged(place):
        folder = Path(place, "bodies")
        folder.mkdir()
        folder.chmod(0o500)
        with pytest.raises(halley.PolicyError, match=r"^capture: .*: Permission denied$"):
            halley.Client(policy=halley.Policy(capture=str(folder)))


@contextmanager
def unprivileged(place: str) -> Iterator[None]:
    """Be somebody for whom file modes count, with a directory of their own."""
    if os.geteuid():
        yield
        return
    os.chown(place, NOBODY, -1)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_both_paths_are_told_at_once(tmp_path: Path):
    """One look finds all that is wrong."""
    missing = tmp_path / "missing"
    chosen = halley.Policy(records=str(missing / "log"), capture=str(missing / "bodies"))
    with pytest.raises(halley.PolicyError) as caught:
        halley.Client(policy=chosen)
    assert [mistake.path for mistake in caught.value.mistakes] == ["records", "capture"]


@pytest.mark.parametrize("kind", UNUSABLE)
def test_a_place_that_is_spoiled_later_costs_no_call(line: Line, tmp_path: Path, caplog, kind: str):
    """Nothing is written there, the log says why, and the call has its answer."""
    folder = tmp_path / "bodies"
    caller = line.client(failing(400, BODY), policy=QUICK.override({"capture": str(folder)}))
    folder.rmdir()
    spoil(folder, kind)
    assert caller.post().status_code == 400
    assert "bodies cannot be kept in" in caplog.text
    assert not folder.is_dir() or kept(folder) == []


def test_a_link_in_the_place_of_a_file_is_not_followed(tmp_path: Path):
    """Nor is a file that is there overwritten."""
    folder, target = tmp_path / "bodies", tmp_path / "target"
    folder.mkdir(0o700)
    (folder / "x.body").symlink_to(target)
    with pytest.raises(FileExistsError):
        keep(str(folder), "x.body", b"body")
    assert not target.exists()


def test_the_oldest_go_when_there_are_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """By count and by bytes; what is not ours stays."""
    folder = tmp_path / "bodies"
    monkeypatch.setattr(capture, "FILES_MAX", 3)
    monkeypatch.setattr(capture, "BYTES_MAX", 10)
    for number in range(5):
        keep(str(folder), f"{number}.body", b"xx")
    (folder / "notes.txt").write_text("mine, and long enough to matter")
    assert [path.name for path in kept(folder)] == ["2.body", "3.body", "4.body", "notes.txt"]
    keep(str(folder), "5.body", b"x" * 9)
    assert [path.name for path in kept(folder)] == ["5.body", "notes.txt"]


def test_a_policy_names_a_directory():
    """Anything else is told."""
    with pytest.raises(halley.PolicyError, match="capture: expected the path of a directory, got"):
        halley.Policy(capture=True)
