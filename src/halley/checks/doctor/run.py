"""The order of the checks, and which of them make no sense after which."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Final

from halley.checks.doctor import network, service, settings
from halley.checks.doctor.result import Result, skipped

_LATER: Final = (service.MODELS, service.CLOCK, service.MODEL, service.CALL)


@dataclass(frozen=True, slots=True)
class Target:
    """What is looked at; `trust_env` says whether a proxy of the environment counts."""

    base_url: str
    key: str
    model: str
    trust_env: bool = True


def diagnose(target: Target) -> Iterator[Result]:
    """Yield the result of each check as it is made, each within ten seconds."""
    parts = settings.split_url(target.base_url)
    key = settings.check_key(target.key, (parts.hostname or "") if parts else "")
    url = settings.check_url(target.base_url)
    yield key
    yield url
    way = yield from _way(target)
    first_wrong = next((one for one in (url, way, key) if one and one.status == "wrong"), None)
    if first_wrong is None:
        yield from _service(target)
    else:
        yield from _skip(_LATER, first_wrong.name)


def _way(target: Target) -> Generator[Result, None, Result | None]:
    """Yield the checks of the way to the service; return the last one made."""
    parts = settings.split_url(target.base_url)
    names = (network.PROXY, network.DNS, network.TCP, network.TLS)
    if parts is None:
        yield from _skip(names, settings.URL)
        return None
    if target.trust_env:
        result = network.check_proxy(parts)
        yield result
        if _is_wrong(result):
            yield from _skip(names[1:], network.PROXY)
            return result
    proxy = network.proxy_for(parts) if target.trust_env else None
    endpoint = network.endpoint_of(proxy or parts)
    for at, look in enumerate((network.check_dns, network.check_tcp), 2):
        result = look(endpoint)
        yield result
        if _is_wrong(result):
            yield from _skip(names[at:], result.name)
            return result
    result = network.skip_tls(parts, proxy) or network.check_tls(endpoint)
    yield result
    return result


def _service(target: Target) -> Iterator[Result]:
    asked = service.Service(target.base_url, target.key, target.trust_env)
    models, answer = service.check_models(asked)
    yield models
    if answer.status is not None:
        yield service.check_clock(answer)
    else:
        yield from _skip((service.CLOCK,), service.MODELS)
    if _is_wrong(models):
        yield from _skip((service.MODEL, service.CALL), service.MODELS)
        return
    model = service.check_model(target.model, service.models_in(answer))
    yield model
    if _is_wrong(model):
        yield from _skip((service.CALL,), service.MODEL)
        return
    yield service.check_call(asked, target.model)


def _is_wrong(result: Result) -> bool:
    return result.status == "wrong"


def _skip(names: tuple[str, ...], because: str) -> Iterator[Result]:
    for name in names:
        yield skipped(name, f"first {because} must be right")
