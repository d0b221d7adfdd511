"""Uploads through the openai SDK: sent again byte for byte, if they can be sent again at all."""

from __future__ import annotations

import io
from importlib import import_module
from typing import Any

import pytest

import halley

from .kits import MARKS, QUICK, Kit, only, settle

pytestmark = MARKS


def recording(kit: Kit, *statuses: int) -> tuple[Any, list[bytes]]:
    """An HTTP client that answers with these statuses, and the bodies it was sent."""
    module, bodies, left = import_module(kit.family), [], list(statuses)

    def answer(request: Any) -> Any:
        bodies.append(request.content)
        return module.Response(left.pop(0), json={"text": "a comet", "id": "v1"})

    async def aanswer(request: Any) -> Any:
        await request.aread()
        return answer(request)

    transport = module.MockTransport(aanswer if kit.is_async else answer)
    return kit.http_client(transport=transport), bodies


@only("openai", "cometapi")
async def test_an_audio_upload_is_sent_again_with_the_same_bytes(kit: Kit) -> None:
    """multipart/form-data with a file, refused once."""
    http_client, bodies = recording(kit, 429, 200)
    client = halley.protect(kit.client("http://comet.invalid", http_client=http_client), QUICK)
    audio = io.BytesIO(b"RIFF" + bytes(range(256)) * 64)
    answer = await settle(
        client.audio.transcriptions.create(model="whisper-1", file=("a.wav", audio))
    )
    await kit.close(client)
    assert answer.text == "a comet"
    assert len(bodies) == 2
    assert bodies[0] == bodies[1]
    assert bytes(range(256)) * 64 in bodies[0]


@only("openai", "cometapi")
@pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")
async def test_a_video_submit_is_sent_again_after_a_refusal(kit: Kit) -> None:
    """A 429 bought nothing: the same form is sent again."""
    http_client, bodies = recording(kit, 429, 200)
    client = halley.protect(kit.client("http://comet.invalid", http_client=http_client), QUICK)
    picture = ("comet.png", io.BytesIO(b"\x89PNG" + bytes(4096)), "image/png")
    await settle(client.videos.create(model="sora-2", prompt="a comet", input_reference=picture))
    await kit.close(client)
    assert len(bodies) == 2
    assert bodies[0] == bodies[1]
    assert b"a comet" in bodies[0]
