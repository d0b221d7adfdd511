"""The official CometAPI SDK, streaming.

COMETAPI_KEY and COMETAPI_BASE_URL are read by the SDK itself.
"""

from cometapi import CometAPI

import halley

client = halley.protect(CometAPI())

stream = client.chat.completions.create(
    model="gpt-5-mini", messages=[{"role": "user", "content": "Count to three"}], stream=True
)
for chunk in stream:
    for choice in chunk.choices:
        print(choice.delta.content or "", end="")
print()
