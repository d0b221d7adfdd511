"""Secrets, payloads and ids that the rules were not written for: the honest figure.

Written before the rules. A row that is lost is counted, not moved to the other corpus; nobody tunes
on these.
"""

from __future__ import annotations

import base64
import json
import random

from tests.records.corpus.making import (
    DIGITS,
    HEX,
    LETTERS,
    LOWER,
    UPPER,
    URLSAFE,
    WORD,
    Planted,
    basic,
    jwt,
    made,
    pem,
    uuid,
)


def secrets() -> list[Planted]:
    """Kinds and places beside those of the first corpus."""
    word = made("held word", (WORD, 22))
    long = made("held long", (URLSAFE, 44))
    siliconflow = made("siliconflow", "sk", "-", (LOWER, 48))
    vercel = made("vercel", "vc", "k_", (WORD, 56))
    voyage = made("voyage", "pa", "-", (URLSAFE, 43))
    helicone = made("helicone", "sk", "-helicone-", (LOWER, 28))
    linear = made("linear", "lin", "_api_", (WORD, 40))
    grafana = made("grafana", "gl", "sa_", (WORD, 32), "_", (HEX, 8))
    shopify = made("shopify", "sh", "pat_", (HEX, 32))
    digital = made("digitalocean", "do", "p_v1_", (HEX, 64))
    telegram = made("telegram", (DIGITS, 10), ":AA", (URLSAFE, 33))
    tencent = made("tencent", "AK", "ID", (WORD, 32))
    ghs = made("ghs", "gh", "s_", (WORD, 36))
    xapp = made("xapp", "xa", "pp-1-", (UPPER, 11), "-", (DIGITS, 13), "-", (HEX, 64))
    airtable = made("airtable", "pat", (WORD, 14), ".", (HEX, 64))
    fal = f"{uuid('fal')}:{made('fal', (HEX, 32))}"
    google = made("held google", "AI", "za", (URLSAFE, 35))
    proj = made("held proj", "sk", "-proj-", (URLSAFE, 156))
    ant = made("held ant", "sk", "-ant-api03-", (URLSAFE, 95))
    claims, ec = jwt("held"), pem("held", "EC PRIVATE KEY")
    login = basic("held basic")
    rows = {
        "siliconflow": (f"Invalid token {siliconflow}", siliconflow),
        "vercel": (f"vercel said 401 for {vercel}", vercel),
        "voyage": (f"voyage: Bearer {voyage}", voyage),
        "helicone": (f"Helicone-Auth: Bearer {helicone}", helicone),
        "linear": (f"'{linear}' expired", linear),
        "grafana": (f"push failed with {grafana}.", grafana),
        "shopify": (f"x {shopify} y", shopify),
        "digitalocean": (f"[{digital}]", digital),
        "telegram": (f"https://api.telegram.test/bot{telegram}/sendMessage", telegram[-33:]),
        "tencent": (f'{{"secretId": "{tencent}"}}', tencent),
        "github app": (f"remote: {ghs}", ghs),
        "slack app": (f"socket {xapp}", xapp),
        "airtable": (f"airtable {airtable}", airtable),
        "fal": (f"Authorization: Key {fal}", fal[-32:]),
        "google behind a tab": (f"key\\t{google}\\n", google),
        "openai, percent-encoded neighbours": (f"next=%22{proj}%22", proj),
        "anthropic in a tuple of bytes": (f"(b'X-Api-Key', b'{ant}')", ant),
        "anthropic in a dump": (json.dumps(json.dumps(json.dumps({"a": f'"{ant}"'}))), ant),
        "jwt in a cookie jar": (f"Cookie: a={claims}", claims[-43:]),
        "jwt in prose": (f"token was {claims}, sorry", claims[-43:]),
        "ec key": (json.dumps({"pem": ec}), ec.split("\n")[2]),
        "mixed-case scheme": (f"BEARER   {long}", long),
        "camel case": (f'{{"accessToken":"{word}"}}', word),
        "spaces": (f"API KEY = {word}", word),
        "dotted property": (f"spring.ai.openai.api-key={word}", word),
        "toml": (f'[keys]\nsecret = "{word}"', word),
        "nested json": (json.dumps({"h": json.dumps({"X-Auth-Token": word})}), word),
        "env dump": (f"environ({{'AZURE_OPENAI_API_KEY': '{word}', 'HOME': '/root'}})", word),
        "powershell": (f"$env:ANTHROPIC_AUTH_TOKEN = '{word}'", word),
        "oauth fragment": (f"https://a.test/cb#access_token={word}&state=1", word),
        "signed google url": (f"https://s.test/o?X-Goog-Algorithm=A&X-Goog-Signature={word}", word),
        "encoded name": (f"https://a.test/x?k%65y={word}", word),
        "basic lower case": (f"basic {login}", login),
        "mongodb": (f"mongodb+srv://app:{word}@cluster0.test/?retryWrites=true", word),
        "amqp": (f"amqps://guest:{word}@mq.test//", word),
        "password with spaces": ('{"passphrase": "correct horse battery 9"}', "horse battery"),
        "webhook": (f'"webhook_url": "https://hooks.test/in/{word}"', word),
        "two in one line": (f"{google} and {proj}", proj),
        "html": (f"<td>x-api-key</td><td>{ant}</td>", ant),
        "end of a sentence": (f"You used {proj}.", proj),
        "letters alone": (
            made("letters", "hf", "_", (LETTERS, 34)),
            made("letters", "hf", "_", (LETTERS, 34)),
        ),
    }
    return [Planted(name, *pair) for name, pair in rows.items()]


def payloads() -> list[Planted]:
    """Files and vectors; what must not survive is a piece of their middle."""
    chance = random.Random("held payloads")
    raw = chance.randbytes(3000)
    standard, safe = base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()
    wrapped = "\r\n".join(standard[at : at + 64] for at in range(0, len(standard), 64))
    vector = [round(chance.uniform(-1, 1), 8) for _ in range(768)]
    rows = {
        "audio": (
            f'{{"input_audio": {{"data": "{standard}", "format": "wav"}}}}',
            standard[900:940],
        ),
        "data url in markdown": (f"![](data:image/webp;base64,{standard})", standard[900:940]),
        "url-safe": (f"inlineData.data={safe};", safe[1200:1240]),
        "wrapped at 64": (
            f"Content-Transfer-Encoding: base64\r\n\r\n{wrapped}\r\n",
            wrapped[500:540],
        ),
        "hex": (f"body={raw.hex()}", raw.hex()[2000:2040]),
        "vector": (json.dumps({"embedding": vector}), json.dumps(vector)[3000:3040]),
        "vector, one a line": (json.dumps(vector, indent=1), f"{vector[400]}"),
    }
    return [Planted(name, *pair) for name, pair in rows.items()]


SURVIVORS = (
    "request id: 20261125223400123456789aBcDeFgH",
    "req_011CVYzYmQb3hXyZ7nVtQf5K",
    "chatcmpl-CfQ3aX9mZk2bV7tRwYp1LsNdUoEgH",
    "msg_01XFDUDYJgAACzvnptvVoYEL",
    "toolu_01A09q90qw90lq917835lq9",
    "gen-1764110000-AbCdEfGhIjKlMnOpQrSt",
    "resp_68e1f0c2a9b48190a1b2c3d4e5f60718",
    "cf-ray: 9a41f2e8bd3c6d1f-FRA",
    "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "commit 1ccc8ab04f5a7f2d9f7e2b7c1e7d3c9a5b6f8e21",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "d41d8cd9-8f00-4b20-a980-0998ecf8427e",
    "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet",
    "task-queue-eu-west-1-primary-000000000042",
    "disk-usage-alerts-production-cluster-07",
    "max_completion_tokens: 16384",
    '{"usage":{"prompt_tokens":1234,"completion_tokens":56,"total_tokens":1290}}',
    "This model's maximum context length is 128000 tokens. However, you requested 130112 tokens",
    "Invalid token: unexpected end of JSON input",
    "no API key was given in the Authorization header",
    "projects/my-project-123456/locations/us-central1/publishers/google/models/gemini-2.5-pro",
    "https://api.cometapi.com/v1/chat/completions",
    "X-Amzn-Trace-Id: Root=1-67891233-abcdef012345678912345678",
    "2026-11-25T22:34:06.123456Z",
)
"""Ids and words that a person needs at three in the morning."""
