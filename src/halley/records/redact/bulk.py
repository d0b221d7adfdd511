r"""Bulk: files, vectors and forms that a server sends back, known by their length or their name.

A run of 256 or more characters of base64 or hexadecimal, in one piece or in lines, is found through
blocks: it contains whole blocks that begin at multiples of thirty, and in ordinary text such a look
ends at the first space. What is elided says its kind, its size as a file, and the start of its
SHA-256, as `sha256sum` of the file would.
"""

from __future__ import annotations

import base64
import re
from typing import Final
from urllib.parse import unquote_to_bytes

from halley.records.redact.marks import MARKS, elided

RUN_CHARS_MIN: Final = 256
NAMED_CHARS_MIN: Final = 64
NUMBERS_MIN: Final = 33
_STEP: Final = 30
_SAFE: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-"
_CODE: Final = r"[A-Za-z0-9+/_-]"
_NEWLINE: Final = r"(?:(?:\\{1,15}[rn]|[\r\n]){1,4})"
_ROW: Final = rf"{_CODE}+(?:(?:\\{{1,15}}/|%2[BbFf]){_CODE}*)*(?:={{1,2}}|(?:%3[Dd]){{1,2}})?"
_BLOCK: Final = re.compile(rf"{_CODE}{{{_STEP}}}")
_NO_BLOCKS: Final = re.compile(rf"(?s:(?!{_CODE}{{{_STEP}}}).{{{_STEP}}})*+")
_RUN: Final = re.compile(
    rf"{_ROW}(?:{_NEWLINE}[A-Za-z0-9+/]{{48,}}={{0,2}})*"
    rf"(?:(?<=[A-Za-z0-9+/]{{48}}){_NEWLINE}[A-Za-z0-9+/]{{1,128}}={{0,2}}(?=[\"'\\\s]|$))?"
)
_DATA_URL: Final = re.compile(
    r"data:((?:[\w.+-]{1,60}\\{0,15}/[\w.+-]{1,60})?)((?:;[\w=.-]{1,60}){0,4}),"
)
_URL_REST: Final = re.compile(r"[^\s\"'<>)\\]+")
_NAMED: Final = {
    name: re.compile(
        rf"{name}\\{{0,15}}[\"']\s{{0,4}}[:=]\s{{0,4}}\\{{0,15}}[\"']({_ROW})(?=\\{{0,15}}[\"'])"
    )
    for name in ("data", "b64_json", "Encoded", "bytes", "embedding")
}
_NUMBER: Final = r"-?\d{1,40}(?:\.\d{1,40})?(?:[eE][-+]?\d{1,4})?"
_BETWEEN: Final = r"(?:\s|\\{1,15}[rnt]){0,64}"
_NUMBERS: Final = re.compile(
    rf"\[{_BETWEEN}{_NUMBER}(?:{_BETWEEN},{_BETWEEN}{_NUMBER}){{{NUMBERS_MIN - 1},}}"
    rf"{_BETWEEN}(?:,{_BETWEEN})?\]?"
)
_LINE_END: Final = r"(?:(?:\\{1,15}r)?\\{1,15}n|\r?\n)"
_LINE: Final = r"[^\r\n\\]{0,200}+(?:\\{1,15}\"[^\r\n\\]{0,200}+){0,8}+"
_PART: Final = re.compile(
    rf"content-disposition:{_LINE}{_LINE_END}(?:[a-z-]{{1,40}}:{_LINE}{_LINE_END}){{0,8}}{_LINE_END}"
)
_PART_END: Final = re.compile(r"(?:\\{1,15}n|\n)--")
_MAGIC: Final = (
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"%PDF", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
)


def without_bulk(text: str, lowered: str) -> str:
    """Return a text without files, vectors and forms.

    Args:
        text: Any text.
        lowered: The same in small letters, as long as the text.

    >>> without_bulk("[" + "0.25, " * 50 + "1]", "")
    '<elided kind=numbers bytes=303 sha256=69bccaf0>'
    """
    if "content-disposition" in lowered:
        text = _without_parts(text, lowered)
    if "data:" in text:
        text = _without_data_urls(text)
    if '"' in text or "'" in text:
        for name, pattern in _NAMED.items():
            if name in text:
                text = pattern.sub(_named, text)
    if "[" in text and "," in text:
        text = _NUMBERS.sub(lambda found: elided("numbers", found[0].encode()), text)
    return _without_runs(text) if len(text) >= RUN_CHARS_MIN else text


def _without_runs(text: str) -> str:
    parts: list[str] = []
    done = at = 0
    size = len(text)
    while at < size:
        if (skipped := _NO_BLOCKS.match(text, at)) is not None:
            at = skipped.end()
        if _BLOCK.match(text, at) is None:
            break
        before = text[max(done, at - _STEP) : at]
        start = at - len(before) + len(before.rstrip(_SAFE))
        run = _RUN.match(text, start)
        end = at if run is None else run.end()
        if end - start >= RUN_CHARS_MIN:
            parts += [text[done:start], _file(text[start:end])]
            done = end
        at = max(end, at + 1)
    return "".join([*parts, text[done:]])


def _file(code: str, kind: str = "") -> str:
    """Elide an encoded file."""
    plain = re.sub(r"\\{1,15}[rn]|\s|\\|=|%3[Dd]", "", code)
    plain = plain.replace("%2B", "+").replace("%2b", "+").replace("%2F", "/").replace("%2f", "/")
    if not kind and re.fullmatch(r"[0-9a-fA-F]+", plain):
        return elided("hex", bytes.fromhex(plain[: len(plain) // 2 * 2]))
    plain = plain.replace("-", "+").replace("_", "/")
    plain = plain[: len(plain) - (len(plain) % 4 == 1)]
    data = base64.b64decode(plain + "=" * (-len(plain) % 4))
    return elided(kind or _kind(data), data)


def _kind(data: bytes) -> str:
    """Return what a file is by its first bytes.

    >>> _kind(b"%PDF-1.7"), _kind(b"?")
    ('application/pdf', 'base64')
    """
    if data[:4] == b"RIFF":
        return "image/webp" if data[8:12] == b"WEBP" else "audio/wav"
    if data[4:8] == b"ftyp":
        return "video/mp4"
    return next((kind for magic, kind in _MAGIC if data.startswith(magic)), "base64")


def _named(found: re.Match[str]) -> str:
    if len(found[1]) < NAMED_CHARS_MIN:
        return found[0]
    return found[0][: found.start(1) - found.start()] + _file(found[1])


def _without_data_urls(text: str) -> str:
    parts: list[str] = []
    done = 0
    for found in _DATA_URL.finditer(text):
        if found.start() < done:
            continue
        packed = found[2].endswith(";base64")
        rest = (_RUN if packed else _URL_REST).match(text, found.end())
        if rest is None or len(rest[0]) < NAMED_CHARS_MIN:
            continue
        kind = found[1].replace("\\", "") or "text/plain"
        mark = _file(rest[0], kind) if packed else elided(kind, unquote_to_bytes(rest[0]))
        parts += [text[done : found.start()], mark]
        done = rest.end()
    return "".join([*parts, text[done:]])


def _without_parts(text: str, lowered: str) -> str:
    """Elide the contents of a form's parts."""
    parts: list[str] = []
    done = 0
    for found in _PART.finditer(lowered):
        start = found.end()
        if found.start() < done or text.startswith(MARKS, start):
            continue
        end = _PART_END.search(text, start)
        stop = len(text) if end is None else end.start()
        if stop <= start:
            continue
        parts += [text[done:start], elided("part", text[start:stop].encode(errors="replace"))]
        done = stop
    return "".join([*parts, text[done:]])
