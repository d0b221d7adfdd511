"""The words by which providers say that something has run out; `halley.core.limits` joins them.

Collected from the error pages and the public issues of the providers in `halley.providers`, read
2026-11. A word stands whole and in lower case; a phrase, and Chinese, is looked for as it is.
"""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(" ".join(phrase.split()) for phrase in text.split(","))


# The thing. Money, a bill or a term ends the account; a share may be money's, a period's, a key's.
MONEY: Final = _words(
    "balance balances credit credits fund funds wallet prepayment prepaid deposit"
)
BILLS: Final = _words("billing payment payments invoice invoices bill")
TERMS: Final = _words("trial subscription plan membership license licence")
RESOURCE_PACKS: Final = _phrases("resource pack, resource bundle, free tier")
DEBTS: Final = _words("arrears overdue unpaid delinquent owing")
QUOTAS: Final = _words("quota quotas allowance allotment budget spend spending overage")
LIMITS: Final = _words("limit limits limited cap usage maximum")
UNITS: Final = _words("requests calls messages tokens generations images prompts")
SHARES: Final = QUOTAS | LIMITS | UNITS
THINGS: Final = MONEY | BILLS | TERMS | DEBTS | SHARES | {"resource", "tier"}

# Whose share it is.
BOUGHT: Final = _words("spend spending trial billing")
OWNED: Final = _words("plan usage account free tier subscription")
KEYS: Final = _phrases(
    """api key, this key, key limit, key's, your key, for key, api token, this token, key budget,
    key quota, virtual key, key has, key spend"""
)

# Its end. What ends a bill or a plan says nothing of a quota, and the other way round.
USED: Final = _words(
    """exceeded exceeds exceed exceeding exhausted depleted insufficient reached reaching hit
    consumed maxed finished surpassed met spent"""
)
USED_PHRASES: Final = _phrases(
    """run out, ran out, runs out, out of, ran through, run through, burned through, burnt through,
    limited to, have enough, not enough, used up, use up, used all, used your, has been used, 100%,
    no remaining, no more, none left, over your, over quota, over the, hit your, too many, is zero,
    is 0, too low"""
)
NONE: Final = _words(
    """no zero empty negative low below without lack lacks lacking requires required inadequate"""
)
NONE_PHRASES: Final = _phrases("have any, need to add, must add, at least, $0")
LAPSED: Final = _words(
    """expired ended lapsed inactive cancelled canceled suspended declined outstanding paused
    terminated disabled"""
)
LAPSED_PHRASES: Final = _phrases(
    "is over, not active, no active, have an active, has no, past due, no valid"
)
BROKEN: Final = _phrases(
    """payment failed, payment has failed, billing problem, billing issue, payment problem,
    payment issue, issue with your, problem with your"""
)

# A pace comes right by waiting; a period by itself too, but not while anybody waits.
PACE: Final = _words(
    """minute minutes min second seconds sec rpm tpm rps tps qps ipm concurrency concurrent
    concurrently parallel simultaneous inflight burst throttled throttling"""
)
PACE_PHRASES: Final = _phrases(
    """rate limit, rate-limit, rate_limit, ratelimit, too many requests, temporarily, please wait,
    slow down"""
)
PERIOD: Final = _words(
    """daily weekly monthly yearly annual hourly day days week weekly month today hour hours rpd tpd
    tomorrow session"""
)

ZH_MONEY: Final = ("余额", "点数", "积分", "资金")
ZH_DEBT: Final = ("欠费", "请充值", "续费", "及时充值", "先充值", "充值后")
ZH_TERMS: Final = ("套餐", "订阅", "资源包", "会员", "试用", "体验")
ZH_QUOTAS: Final = ("额度", "配额", "用量", "限额", "次数", "上限")
ZH_THINGS: Final = ZH_MONEY + ZH_TERMS + ZH_QUOTAS + ZH_DEBT
ZH_KEYS: Final = ("令牌", "密钥", "api key", "apikey")
ZH_USED: Final = _phrases("不足,用尽,用完,耗尽,超出,超过,超限,已达,达到,透支,为0,为零,为负")
ZH_LAPSED: Final = _phrases("到期,过期,失效,不足,用尽,用完,耗尽,未配置,未开通,已停用")
ZH_PACE: Final = ("分钟", "每秒", "秒内", "并发", "频率", "频繁", "限流", "速率", "过快")
ZH_PERIOD: Final = _phrases(
    "今日,今天,当日,每日,当天,每天,日额度,本周,每周,本月,每月,当月,小时,明天,明日,次日"
)
