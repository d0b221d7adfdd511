"""Secrets of LLM providers, gateways and clouds, where logs and error bodies have shown them.

The shapes are those of gitleaks and trufflehog and of the providers' own pages (2026-11).
"""

from __future__ import annotations

import json

from tests.records.corpus.making import (
    BARE,
    DIGITS,
    HEX,
    LETTERS,
    LOWER,
    NAMED,
    STANDARD,
    UPPER,
    URLSAFE,
    WORD,
    Piece,
    Planted,
    basic,
    jwt,
    made,
    pem,
    planted,
    uuid,
)

SHAPED: dict[str, tuple[Piece, ...]] = {
    "openai": ("sk", "-", (WORD, 20), "T3Blbk", "FJ", (WORD, 20)),
    "openai project": ("sk", "-proj-", (URLSAFE, 74), "T3Blbk", "FJ", (URLSAFE, 74)),
    "openai service account": ("sk", "-svcacct-", (URLSAFE, 74), "T3Blbk", "FJ", (URLSAFE, 74)),
    "openai admin": ("sk", "-admin-", (URLSAFE, 58), "T3Blbk", "FJ", (URLSAFE, 58)),
    "openai ephemeral": ("ek", "_", (HEX, 32)),
    "openai realtime protocol": ("openai-insecure-", "api-key.", (WORD, 40)),
    "anthropic": ("sk", "-ant-api03-", (URLSAFE, 93), "AA"),
    "anthropic admin": ("sk", "-ant-admin01-", (URLSAFE, 93), "AA"),
    "anthropic oauth": ("sk", "-ant-oat01-", (URLSAFE, 93), "AA"),
    "cometapi": ("sk", "-", (WORD, 48)),
    "deepseek": ("sk", "-", (HEX, 32)),
    "openrouter": ("sk", "-or-v1-", (HEX, 64)),
    "google": ("AI", "za", (URLSAFE, 35)),
    "google new": ("AQ", ".Ab8", (URLSAFE, 48)),
    "google oauth": ("ya", "29.", (URLSAFE, 120)),
    "google refresh": ("1/", "/0", (URLSAFE, 60)),
    "groq": ("gs", "k_", (WORD, 52)),
    "xai": ("xa", "i-", (WORD, 80)),
    "hugging face": ("hf", "_", (LETTERS, 34)),
    "hugging face organisation": ("api", "_org_", (LETTERS, 34)),
    "replicate": ("r8", "_", (WORD, 37)),
    "perplexity": ("pp", "lx-", (WORD, 48)),
    "nvidia": ("nv", "api-", (URLSAFE, 64)),
    "together": ("tg", "p_v1_", (URLSAFE, 43)),
    "fireworks": ("fw", "_", (WORD, 24)),
    "cerebras": ("cs", "k-", (LOWER, 48)),
    "jina": ("ji", "na_", (HEX, 32), (WORD, 28)),
    "tavily": ("tv", "ly-", (WORD, 32)),
    "pinecone": ("pc", "sk_", (WORD, 70)),
    "langsmith": ("ls", "v2_pt_", (HEX, 32), "_", (HEX, 10)),
    "zhipu": ((HEX, 32), ".", (WORD, 16)),
    "bedrock": ("AB", "SK", (STANDARD, 128), "="),
    "bedrock short": ("bedrock-", "api-key-", (STANDARD, 120)),
    "aws": ("AK", "IA", ("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)),
    "aws session": ("AS", "IA", ("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)),
    "baidu": ("bce-v3/", "ALTAK-", (WORD, 21), "/", (HEX, 40)),
    "alibaba": ("LT", "AI5t", (WORD, 20)),
    "github": ("gh", "p_", (WORD, 36)),
    "github fine-grained": ("github", "_pat_", (WORD, 22), "_", (WORD, 59)),
    "gitlab": ("gl", "pat-", (URLSAFE, 20)),
    "slack": ("xo", "xb-", (DIGITS, 12), "-", (DIGITS, 12), "-", (WORD, 24)),
    "stripe": ("sk", "_live_", (WORD, 24)),
    "stripe webhook": ("wh", "sec_", (WORD, 32)),
    "databricks": ("da", "pi", (HEX, 32)),
    "npm": ("np", "m_", (WORD, 36)),
    "pypi": ("py", "pi-AgEIcHlwaS5vcmc", (URLSAFE, 80)),
    "vault": ("hv", "s.", (URLSAFE, 90)),
    "sendgrid": ("S", "G.", (URLSAFE, 22), ".", (URLSAFE, 43)),
}
"""Recognised wherever they stand."""

UNSHAPED: dict[str, tuple[Piece, ...]] = {
    "azure": ((HEX, 32),),
    "azure new": ((WORD, 84),),
    "mistral": ((WORD, 32),),
    "cohere": ((WORD, 40),),
    "deepgram": ((HEX, 40),),
    "aws secret": ((STANDARD, 40),),
    "eleven labs": ((HEX, 32),),
    "a gateway of one's own": ((LOWER, 24),),
}
"""Like any other word: known by their name or place alone."""


def rows() -> list[Planted]:
    """Every kind in turn through the contexts, and what fits into none of them."""
    found = []
    kinds = {kind: made(kind, *pieces) for kind, pieces in SHAPED.items()}
    kinds |= {"langfuse": f"sk-lf-{uuid('lf')}", "jwt": jwt("jwt")}
    for number, (kind, secret) in enumerate(kinds.items()):
        found.append(planted(kind, secret, BARE[number % len(BARE)]))
        if number % 2:
            found.append(planted(kind, secret, NAMED[number // 2 % len(NAMED)]))
    unshaped = {kind: made(kind, *pieces) for kind, pieces in UNSHAPED.items()}
    unshaped["volcano ark"] = uuid("ark")
    for number, (kind, secret) in enumerate(unshaped.items()):
        found += [planted(kind, secret, NAMED[(number * 3 + n) % len(NAMED)]) for n in range(2)]
    return found + _structured() + _typed()


def _structured() -> list[Planted]:
    """Secrets that are known by what stands around them."""
    word = made("word", (WORD, 18))
    cookie, signature = made("cookie", (WORD, 40)), made("sig", (HEX, 64))
    login, key = basic("login"), pem("service account")
    rows = {
        "basic scheme": (f"authorization: Basic {login}", login),
        "basic scheme in prose": (f"refused: Basic {login} was sent", login),
        "proxy": (f"Proxy-Authorization: Basic {login}\n", login),
        "cookie": (f"cookie: theme=dark; session={cookie}; b=1\nhost: a.test", cookie),
        "set-cookie": (f"('set-cookie', '__cf_bm={cookie}; path=/; HttpOnly')", cookie),
        "user and password in a URL": (f"proxy http://me:{word}@proxy.test:3128 refused", word),
        "a database": (f"postgresql+asyncpg://app:{word}@db.test/app is down", word),
        "redis without user": (f"redis://:{word}@cache.test:6379/0: timeout", word),
        "password": (f'{{"user": "me", "password": "{word}"}}', word),
        "client secret": (f"clientSecret: '{word}',", word),
        "refresh token": (f'{{"refresh_token":"{word}","expires_in":3599}}', word),
        "form": (f"grant_type=refresh&client_secret={word}&code=4%2F0Ad{cookie}&x=1", cookie),
        "aws signature": (
            f"https://b.s3.test/k?X-Amz-Date=20261125T1Z&X-Amz-Signature={signature}&a=b",
            signature,
        ),
        "azure sas": (f"https://x.blob.test/c/f.png?sv=2024-11-04&sig={cookie}%3D", cookie),
        "aws authorization": (
            f"Authorization: AWS4-HMAC-SHA256 Credential=x/20261125/s, Signature={signature}",
            signature,
        ),
        "private key": (f"bad credentials file: {key}", key.split("\n")[3]),
        "private key in json": (repr({"private_key": key}), key.split("\n")[5]),
        "private key cut off": (f"loaded {key[:300]}", key[100:160]),
        "slack hook": (f"https://hooks.slack.com/services/T0{UPPER[:7]}/B01/{word}", word),
        "azure connection": (f"DefaultEndpointsProtocol=https;AccountKey={cookie}==;E=x", cookie),
        "option": (f"halley-like --api-key {word} --model m", word),
        "list of keys": (f'"api_keys": ["{word}", "{cookie}"]', cookie),
        "python list": (f"{{'x-api-key': ['{word}']}}", word),
        "xml": (f"<Password>{word}</Password>", word),
    }
    return [Planted(name, *pair) for name, pair in rows.items()]


def _typed() -> list[Planted]:
    """What people type, and what shells and build logs repeat; a word of letters is one too."""
    word, plain = made("typed", (WORD, 14)), made("typed plain", (LETTERS.lower(), 13))
    commands = {
        "curl, long": (f"curl --user me:{word} https://a.test/v1", word),
        "curl, short": (f"+ curl -s -u me:{plain} https://a.test/v1", plain),
        "curl, glued": (f"/usr/bin/curl -ume:{plain} https://a.test", plain),
        "curl, with other flags": (f"curl -sSLu me:{plain} https://a.test", plain),
        "curl, joined": (f"curl --user=me:{plain}", plain),
        "curl, quoted": (f"curl -u 'me:{plain} {plain}' -X POST", f"{plain} {plain}"),
        "curl, no user": (f'curl -u ":{plain}" https://a.test', plain),
        "curl, over two lines": (f"$ curl https://a.test \\\n  -u me:{plain} -v\nok", plain),
        "curl in JSON": (json.dumps({"cmd": f'curl -u "me:{plain}" x'}), plain),
        "curl on an escaped line": (json.dumps(f"set -x\ncurl -u me:{plain} x"), plain),
        "curl in a list": (f"['curl', '-u', 'me:{plain}', 'https://a.test']", plain),
        "curl in a list in JSON": (
            json.dumps({"a": json.dumps(["curl", "-u", f"me:{plain}"])}),
            plain,
        ),
        "curl through a proxy": (f"curl --proxy-user me:{plain} -x p.test:1 https://a.test", plain),
        "curl through a proxy, short": (f"curl -x p.test:1 -Ume:{plain} https://a.test", plain),
        "curl, bearer": (f"curl --oauth2-bearer {plain} https://a.test", plain),
        "curl, certificate": (f"curl --cert me.pem:{plain} --pass {word} x", plain),
        "curl, its key": (f"curl --cert me.pem --pass {plain} x", plain),
        "curl, cookie": (f"curl -b 'theme=dark; session={plain}' https://a.test", plain),
        "curl, header": (f"curl -H 'x-api-key: {plain}' https://a.test", plain),
        "curl, header without quotes": (f"curl -H x-api-key:{plain} https://a.test", plain),
        "wget": (f"wget --user=me --password={plain} https://a.test", plain),
        "wget, http": (f"wget --http-user me --http-password {plain} https://a.test", plain),
        "postgres": (f"PGPASSWORD={plain} psql -h db.test", plain),
        "netrc": (f"machine h.test login me password {plain}", plain),
        "netrc in lines": (f"machine h.test\n  login me\n  password {plain}\n", plain),
        "netrc in JSON": (json.dumps(f"machine h.test\n\tlogin me\n\tpassword {plain}\n"), plain),
        "docker": (f"docker login -u me -p {plain} registry.test", plain),
        "docker, glued": (f"sudo docker login -p{plain} -u me registry.test", plain),
        "mysql": (f"mysql -u root -p{plain} -h db.test shop", plain),
        "mysqldump": (f"mysqldump -uroot '-p{plain}' shop > shop.sql", plain),
        "sshpass": (f"sshpass -p {plain} ssh me@h.test", plain),
        "redis": (f"redis-cli -h c.test -a {plain} ping", plain),
    }
    return [Planted(name, *pair) for name, pair in commands.items()]
