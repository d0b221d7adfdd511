"""Images, files and sizes against the documented limits."""

from __future__ import annotations

import base64

import pytest

from halley.checks.limits import LIMITS, MIB, beyond
from halley.checks.preflight import check, examined

from .bodies import GOOD, errors, picture, request, warnings


def chat(*urls: str) -> dict[str, object]:
    """A chat completion with images."""
    parts = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    return {"model": "m", "messages": [{"role": "user", "content": parts}]}


def claude(data: str, media_type: str = "image/png", count: int = 1) -> dict[str, object]:
    """A message with images."""
    source = {"type": "base64", "media_type": media_type, "data": data}
    content = [{"type": "image", "source": source}] * count
    return {**GOOD["messages"], "messages": [{"role": "user", "content": content}]}


def inline(data: str) -> dict[str, object]:
    """A Gemini request with an image."""
    return {"contents": [{"parts": [{"inlineData": {"mimeType": "image/png", "data": data}}]}]}


def test_each_limit_names_its_source():
    """No figure without the page it is from."""
    assert all("2026-" in limits.source for limits in LIMITS.values())


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        (chat(picture(900)), "chat"),
        (chat("https://example.org/cat.png"), "chat"),
        (claude(base64.b64encode(bytes(900)).decode()), "messages"),
        (claude(base64.urlsafe_b64encode(b"\xff" * 900).decode().rstrip("=")), "messages"),
        (inline(base64.b64encode(bytes(5000)).decode()), "gemini"),
    ],
)
def test_images_within_limits_have_no_findings(body, shape):
    """Base64 in both alphabets, with and without padding, and links."""
    assert check(request(body, shape)) == ()


def test_an_image_of_anthropics_is_measured_as_base64():
    """5 MiB of base64 pass, four characters more are refused."""
    most = "A" * (5 * MIB)
    assert errors(claude(most), "messages") == []
    assert errors(claude(most + "AAAA"), "messages") == [
        (
            "messages[0].content[0].source.data: "
            "expected at most 5242880 characters of base64, got 5242884"
        )
    ]


def test_more_images_than_anthropic_takes_are_refused():
    """600 pass, 601 do not."""
    assert errors(claude("QUJD", count=600), "messages") == []
    assert errors(claude("QUJD", count=601), "messages") == [
        "body: expected at most 600 images, got 601"
    ]


@pytest.mark.parametrize(
    ("shape", "most"), [("messages", 32 * MIB), ("gemini", 100 * MIB), ("chat", None)]
)
def test_the_size_of_a_body_is_limited_where_that_is_documented(shape, most):
    """The limit passes, a byte more does not; OpenAI's shape has none for text."""
    limit = most or 1000 * MIB
    assert examined(shape, GOOD[shape], limit) == ()
    found = [str(finding) for finding in examined(shape, GOOD[shape], limit + 1)]
    refused = f"body: expected at most {limit} bytes of body, got {limit + 1}"
    assert found == ([refused] if most else [])


def test_openais_limits_are_warnings():
    """The same shape reaches providers that take more."""
    body = chat(*["data:image/png;base64,QUJD"] * 501)
    assert errors(body) == []
    assert warnings(body) == ["body: expected at most 500 images, got 501"]


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ("", "got none"),
        ("images/cat.png", "got other text"),
        ("not base64 at all!", "got other text"),
    ],
)
def test_data_that_is_no_base64_is_refused(data, found):
    """A path or a sentence in the place of an image is wrong for every server."""
    assert errors(inline(data), "gemini") == [
        f"contents[0].parts[0].inlineData.data: expected base64 data, {found}"
    ]


@pytest.mark.parametrize("url", ["data:image/png;base64,", "data:image/png"])
def test_a_data_url_without_data_is_refused(url):
    """The part before the comma alone is no image."""
    place = "messages[0].content[0].image_url.url"
    assert errors(chat(url)) == [f"{place}: expected base64 data, got none"]


def test_an_unsupported_media_type_is_a_warning_that_names_the_supported_ones():
    """OpenAI takes no BMP, a gateway's model may."""
    assert warnings(chat(picture(30, "image/bmp"))) == [
        (
            "messages[0].content[0].image_url.url: expected one of image/png, image/jpeg, "
            'image/webp, image/gif, got "image/bmp"'
        )
    ]


def test_a_body_nested_beyond_reason_ends_the_search():
    """Depth costs neither an exception nor a stack: what lies deeper is not looked at."""
    deep: object = {"url": "data:image/png;base64,"}
    for _ in range(5000):
        deep = [deep]
    assert list(beyond("chat", {**GOOD["chat"], "metadata": {"x": deep}}, 100)) == []
