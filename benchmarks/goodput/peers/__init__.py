"""What halley is compared with, each from its published constants; its module names the source."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .aimd import AIMD
from .botocore_adaptive import Botocore
from .cookbook import Cookbook
from .desk import Desk, Peer
from .documented import Five, Hundred, ThirtyTwo
from .inspect_adaptive import Inspect
from .openai_sdk import OpenAIDefaults, OpenAISDK
from .oracle import Oracle
from .tenacity_recipe import Tenacity

PEERS: Mapping[str, type[Peer]] = MappingProxyType(
    {
        "recipe 5": Five,
        "recipe 32": ThirtyTwo,
        "recipe 100": Hundred,
        "openai": OpenAIDefaults,
        "openai sdk": OpenAISDK,
        "cookbook": Cookbook,
        "tenacity": Tenacity,
        "botocore": Botocore,
        "aimd": AIMD,
        "inspect": Inspect,
        "oracle": Oracle,
    }
)
"""Every peer by its name in the table."""

__all__ = ["PEERS", "Desk", "Peer"]
