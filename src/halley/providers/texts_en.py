"""The advice in English. `[…{name}…]` is said only when the name is known."""

from __future__ import annotations

from typing import Final

from halley.core.model import Action, Kind

UNITS: Final = ("s", "min", "h", "d")
NOTHING: Final = "Nothing failed."

BY_KIND: Final[dict[Kind, str]] = {
    Kind.INVALID_REQUEST: "Correct the request[ at `{field}`]: the same bytes will fail again.",
    Kind.UNSUPPORTED_PARAMETER: (
        "Remove or rename the parameter[ `{field}`]: this model[ ({model})] does not accept it."
    ),
    Kind.CONTEXT_LENGTH: (
        "Shorten the messages or lower the output limit, or choose a model with a longer context"
        "[ than {model}]."
    ),
    Kind.CONTENT_POLICY: (
        "The content was refused. Change the prompt or the files: sending them again will be"
        " refused again."
    ),
    Kind.TOO_LARGE: "Make the request smaller: split it, shrink the files, or link to them.",
    Kind.WRONG_PATH: (
        "Check the base URL and the path: CometAPI's is https://api.cometapi.com/v1, without a"
        " doubled or missing /v1. Do not follow the redirect."
    ),
    Kind.MODEL_NOT_FOUND: (
        "Choose another model: no one serves this one[ ({model})] for this key. Check the spelling"
        " against the list of models."
    ),
    Kind.MODEL_ACCESS: (
        "This model[ ({model})] cannot be used with this request, key or account: choose another"
        " model, or have access granted."
    ),
    Kind.INVALID_KEY: (
        "Stop using this key[ ({key})]: check the Authorization header, then use a valid key."
    ),
    Kind.KEY_QUOTA: "This key[ ({key})] has spent its own limit: raise the limit or use another.",
    Kind.PERMISSION: "This account may not do that: have it permitted. Waiting is useless.",
    Kind.BALANCE: "The account is out of money: add credit or raise its spending limit.",
    Kind.QUOTA: (
        "A hard quota is used up. Come back when it resets[ (in {wait})], raise it, or use another"
        " target until then."
    ),
    Kind.ACCOUNT: "The account is disabled or must be verified: a person has to settle it.",
    Kind.REGION: "The service refuses this country or region: use a target that serves it.",
    Kind.BLOCKED: (
        "A firewall in front of the service refused the connection, not the key. Check the"
        " network, the address and the User-Agent."
    ),
    Kind.RATE_LIMIT: "Too many requests: wait[ {wait}], then send again, fewer at a time.",
    Kind.CONCURRENCY: "Too many requests at once: lower the concurrency[ and wait {wait}].",
    Kind.OVERLOADED: "The service is overloaded: wait[ {wait}] and send again, less often.",
    Kind.SERVER_ERROR: (
        "The service failed: wait[ {wait}] and send again. Keep the request id for support."
    ),
    Kind.GATEWAY_CONFIG: (
        "The gateway has no working route for this[ ({model})]: use another model or target."
    ),
    Kind.UPSTREAM_ERROR: "The provider behind the gateway failed: wait[ {wait}] and send again.",
    Kind.TIMEOUT: (
        "It took too long: send again[ after {wait}]. Streaming or a smaller request helps; the"
        " work may have been billed."
    ),
    Kind.CONNECTION: "The connection failed: check the network[, wait {wait}] and send again.",
    Kind.CONFLICT: "Something else is changing the same thing: wait[ {wait}] and send again.",
    Kind.BAD_REPLY: "The answer came and was unusable: send again, a few times at most.",
    Kind.TASK_NOT_VISIBLE: (
        "The task is not visible yet: ask again in a few seconds, and do not submit it again."
    ),
    Kind.TASK_PENDING: "The task is still running: ask again in 10 to 20 s.",
    Kind.TASK_FAILED: "The task has failed for good. A new submit is a new purchase.",
    Kind.STREAM_CUT: (
        "The answer broke off before its end: what arrived is not complete. Send again if it may"
        " be billed twice."
    ),
    Kind.UNKNOWN: "halley does not know this failure: read the reply, and report it if it recurs.",
}

BY_ACTION: Final[dict[Action, str]] = {
    Action.RECONCILE: (
        "This submit may have been accepted and charged. Look for it in the task list, the console"
        " or the balance before you send it again."
    ),
}

BY_KIND_AND_ACTION: Final[dict[tuple[Kind, Action], str]] = {
    (Kind.INVALID_KEY, Action.FAIL_OVER): (
        "The gateway's own key at its provider was refused, not yours: use another target or model."
    ),
    (Kind.BALANCE, Action.FAIL_OVER): (
        "The gateway's account at its provider is out of money, not yours: use another target."
    ),
    (Kind.QUOTA, Action.FAIL_OVER): (
        "The gateway's account at its provider is out of quota: use another target or model."
    ),
    (Kind.QUOTA, Action.TOP_UP): (
        "This model[ ({model})] has no free quota on this account: enable billing or change it."
    ),
    (Kind.PERMISSION, Action.ROTATE_KEY): (
        "This key[ ({key})] is not allowed to do that: use a key with the permission."
    ),
    (Kind.PERMISSION, Action.FIX_REQUEST): (
        "Forbidden: remove fields the model does not support, check access to it[, {model}]."
    ),
    (Kind.OVERLOADED, Action.FIX_MODEL): (
        "This model[ ({model})] has no capacity left: choose another."
    ),
    (Kind.CONNECTION, Action.STOP): (
        "The secure connection was refused: check the certificates, the clock and any proxy."
    ),
    (Kind.BAD_REPLY, Action.FAIL_OVER): (
        "Several answers came and were unusable: use another target or model."
    ),
    (Kind.TASK_NOT_VISIBLE, Action.STOP): (
        "There is no such task for this key: check the id and the key it was submitted with."
    ),
    (Kind.SERVER_ERROR, Action.STOP): "The service failed and asks not to be tried again.",
    (Kind.OVERLOADED, Action.STOP): "The service is overloaded and asks not to be tried again.",
    (
        Kind.RATE_LIMIT,
        Action.STOP,
    ): "A limit was reached and the service asks not to be tried again.",
    (Kind.CONCURRENCY, Action.FAIL_OVER): (
        "More calls than the limit of this key and model[ ({model})] lets through in time: make"
        " fewer, allow a longer deadline_s, or use another key or model."
    ),
    (Kind.RATE_LIMIT, Action.FAIL_OVER): "The gateway's provider limits it: use another target.",
}
