"""The openai SDK on CometAPI: a call that comes right, and one that cannot.

COMETAPI_KEY and COMETAPI_BASE_URL as in the official CometAPI SDK.
"""

import os

import openai

import halley

client = halley.protect(
    openai.OpenAI(
        base_url=os.environ.get("COMETAPI_BASE_URL", "https://api.cometapi.com/v1"),
        api_key=os.environ["COMETAPI_KEY"],
    )
)

answer = client.chat.completions.create(
    model="gpt-5-mini", messages=[{"role": "user", "content": "Say hi"}]
)
print(answer.choices[0].message.content)

try:
    client.chat.completions.create(
        model="no-such-model", messages=[{"role": "user", "content": "Say hi"}]
    )
except openai.APIError as error:
    history = halley.history(error)
    assert history is not None
    last = history.attempts[-1]
    print(
        f"{last.status} after {last.number} attempt: {last.action} (request id {last.request_id})"
    )
