"""Files, images and vectors as error bodies echo them: what must not survive is their middle."""

from __future__ import annotations

import base64
import json
import random

from tests.records.corpus.making import Planted


def rows() -> list[Planted]:
    """Every way in which bulk is written."""
    chance = random.Random("payloads")
    raw = chance.randbytes(4500)
    png = b"\x89PNG\r\n\x1a\n" + raw
    standard, safe = base64.b64encode(png).decode(), base64.urlsafe_b64encode(png).decode()
    middle, safe_middle = standard[2000:2040], safe[2000:2040]
    wrapped = "\n".join(standard[at : at + 76] for at in range(0, len(standard), 76))
    inner = wrapped.split("\n")[30]
    hexed = raw.hex()
    vector = [round(chance.uniform(-1, 1), 9) for _ in range(1536)]
    tokens = [chance.randrange(200_000) for _ in range(300)]
    small = base64.b64encode(raw[:120]).decode()
    form = (
        '--b1\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n'
        "Content-Type: text/plain\r\n\r\nthe whole diary of a comet\r\n--b1--\r\n"
    )
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{standard}"}}
    found = {
        "data URL": (f"cannot fetch data:image/png;base64,{standard}", middle),
        "data URL in JSON": (json.dumps({"messages": [{"content": [image]}]}), middle),
        "data URL of JSON in JSON": (json.dumps({"body": json.dumps(image)}), middle),
        "data URL, percent-encoded": (
            "data:text/plain," + "%C3%A9t%C3%A9" * 60,
            "%C3%A9t%C3%A9" * 30,
        ),
        "base64": (f"bad file {standard}", middle),
        "base64, url-safe": (f'"bytesBase64Encoded": "{safe}"', safe_middle),
        "base64 in lines": (f"attachment:\n{wrapped}\nend", inner),
        "base64 in escaped lines": (json.dumps({"file": wrapped}), inner),
        "b64_json": (json.dumps({"data": [{"b64_json": standard}]}), middle),
        "a small file by its name": (f'{{"file_data": "{small}"}}', small[40:90]),
        "inline data": (
            json.dumps({"inlineData": {"mimeType": "image/png", "data": small}}),
            small[40:90],
        ),
        "hex": (f"payload {hexed}", hexed[3000:3040]),
        "hex with a prefix": (f"0x{hexed.upper()}", hexed.upper()[3000:3040]),
        "an embedding": (json.dumps({"embedding": vector}), f"{vector[700]}, {vector[701]}"),
        "an embedding without spaces": (
            json.dumps(vector, separators=(",", ":")),
            f"{vector[9]},{vector[10]}",
        ),
        "token ids": (f"prompt={tokens}", f"{tokens[100]}, {tokens[101]}, {tokens[102]}"),
        "a form": (form, "diary of a comet"),
        "an escaped form": (json.dumps({"raw": form}), "diary of a comet"),
    }
    return [Planted(name, *pair) for name, pair in found.items()]
