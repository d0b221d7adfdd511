"""No SDK: a bare httpx2 client, with a policy and with options for one block."""

import os

import halley

policy = halley.Policy(attempts=3, records="stderr")
base_url = os.environ.get("COMETAPI_BASE_URL", "https://api.cometapi.com/v1") + "/"
headers = {"authorization": f"Bearer {os.environ['COMETAPI_KEY']}"}

with halley.Client(policy=policy, base_url=base_url, headers=headers) as client:
    print(client.get("models").status_code)
    with halley.options(deadline_s=30):
        body = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "Say hi"}]}
        print(client.post("chat/completions", json=body).json()["choices"][0]["message"]["content"])
