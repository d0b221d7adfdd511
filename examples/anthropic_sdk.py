"""The anthropic SDK on CometAPI, in an event loop, many calls at once."""

import asyncio
import os

import anthropic

import halley

ROOT = os.environ.get("COMETAPI_BASE_URL", "https://api.cometapi.com/v1").removesuffix("/v1")


async def main() -> None:
    """Ask ten things at once."""
    client = halley.protect(
        anthropic.AsyncAnthropic(base_url=ROOT, api_key=os.environ["COMETAPI_KEY"])
    )
    async with client:
        answers = await asyncio.gather(
            *(
                client.messages.create(
                    model="claude-sonnet-4-5",
                    max_tokens=64,
                    messages=[{"role": "user", "content": f"Say {number}"}],
                )
                for number in range(10)
            )
        )
    print(len(answers), "answers")


asyncio.run(main())
