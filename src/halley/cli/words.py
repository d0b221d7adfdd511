"""The words in which a failure is shown to a person, in English and Vietnamese.

Names of the closed sets stay as they are where a program reads them; here they become language.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from halley.core.model import Action, Kind, Origin, Scope

Lang: TypeAlias = Literal["en", "vi"]

LABELS: Final[dict[Lang, dict[str, str]]] = {
    "en": {
        "do": "do",
        "action": "decision",
        "wait": "wait",
        "from": "from",
        "request": "request",
        "rule": "rule",
        "source": "source",
    },
    "vi": {
        "do": "nên làm",
        "action": "quyết định",
        "wait": "chờ",
        "from": "nguồn lỗi",
        "request": "mã yêu cầu",
        "rule": "quy tắc",
        "source": "căn cứ",
    },
}

KINDS: Final[dict[Kind, tuple[str, str]]] = {
    Kind.INVALID_REQUEST: ("invalid request", "yêu cầu không hợp lệ"),
    Kind.UNSUPPORTED_PARAMETER: ("unsupported parameter", "tham số không được hỗ trợ"),
    Kind.CONTEXT_LENGTH: ("input too long for the model", "đầu vào quá dài so với mô hình"),
    Kind.CONTENT_POLICY: ("refused by a content policy", "bị chính sách nội dung từ chối"),
    Kind.TOO_LARGE: ("request too large", "yêu cầu quá lớn"),
    Kind.WRONG_PATH: ("wrong path or base URL", "sai đường dẫn hoặc base URL"),
    Kind.MODEL_NOT_FOUND: ("model not found", "không tìm thấy mô hình"),
    Kind.MODEL_ACCESS: ("no access to the model", "không có quyền dùng mô hình"),
    Kind.INVALID_KEY: ("invalid key", "khóa không hợp lệ"),
    Kind.KEY_QUOTA: ("quota of the key used up", "khóa đã hết hạn mức"),
    Kind.PERMISSION: ("not permitted", "không được phép"),
    Kind.BALANCE: ("balance used up", "tài khoản đã hết số dư"),
    Kind.QUOTA: ("quota of the account used up", "tài khoản đã hết hạn mức"),
    Kind.ACCOUNT: ("account disabled or restricted", "tài khoản bị khóa hoặc hạn chế"),
    Kind.REGION: ("region not served", "khu vực không được phục vụ"),
    Kind.BLOCKED: ("blocked at the edge", "bị chặn ở lớp biên"),
    Kind.RATE_LIMIT: ("rate limit", "vượt giới hạn tốc độ"),
    Kind.CONCURRENCY: ("too many requests at once", "quá nhiều yêu cầu cùng lúc"),
    Kind.OVERLOADED: ("overloaded", "quá tải"),
    Kind.SERVER_ERROR: ("server error", "lỗi máy chủ"),
    Kind.GATEWAY_CONFIG: ("gateway set up wrongly", "cổng trung gian cấu hình sai"),
    Kind.UPSTREAM_ERROR: ("error of the upstream", "lỗi của dịch vụ phía sau"),
    Kind.TIMEOUT: ("timeout", "quá thời gian chờ"),
    Kind.CONNECTION: ("connection failed", "kết nối thất bại"),
    Kind.CONFLICT: ("conflict", "xung đột"),
    Kind.BAD_REPLY: ("unusable reply", "câu trả lời không dùng được"),
    Kind.TASK_NOT_VISIBLE: ("task not visible yet", "tác vụ chưa hiển thị"),
    Kind.TASK_PENDING: ("task still at work", "tác vụ đang chạy"),
    Kind.TASK_FAILED: ("task failed", "tác vụ thất bại"),
    Kind.STREAM_CUT: ("stream cut short", "luồng bị cắt giữa chừng"),
    Kind.UNKNOWN: ("unknown failure", "lỗi chưa rõ"),
}

ORIGINS: Final[dict[Origin, tuple[str, str]]] = {
    Origin.CLIENT: ("this side of the network", "phía máy khách"),
    Origin.EDGE: ("the edge in front of the service", "lớp biên trước dịch vụ"),
    Origin.GATEWAY: ("the gateway", "cổng trung gian"),
    Origin.UPSTREAM: ("the model's provider", "nhà cung cấp mô hình"),
}

SCOPES: Final[dict[Scope, tuple[str, str]]] = {
    Scope.REQUEST: ("this request", "yêu cầu này"),
    Scope.TASK: ("this task", "tác vụ này"),
    Scope.MODEL: ("the model", "mô hình"),
    Scope.KEY: ("the key", "khóa"),
    Scope.ACCOUNT: ("the account", "tài khoản"),
    Scope.UPSTREAM: ("the upstream", "dịch vụ phía sau"),
    Scope.SERVICE: ("the whole service", "toàn bộ dịch vụ"),
}

ACTIONS: Final[dict[Action, tuple[str, str]]] = {
    Action.OK: ("nothing to do", "không cần làm gì"),
    Action.RETRY: ("send it again", "gửi lại"),
    Action.POLL: ("ask again later, never submit again", "hỏi lại sau, không gửi lại tác vụ"),
    Action.FIX_REQUEST: ("fix the request, do not retry", "sửa yêu cầu, đừng gửi lại"),
    Action.FIX_MODEL: ("choose another model, do not retry", "chọn mô hình khác, đừng gửi lại"),
    Action.ROTATE_KEY: ("use another key, do not retry", "dùng khóa khác, đừng gửi lại"),
    Action.TOP_UP: ("add money, do not retry", "nạp thêm tiền, đừng gửi lại"),
    Action.FAIL_OVER: ("use another target, do not retry", "chuyển sang nơi khác, đừng gửi lại"),
    Action.RECONCILE: (
        "find out whether it was accepted before sending again",
        "kiểm tra đã được nhận hay chưa rồi mới gửi lại",
    ),
    Action.STOP: ("stop, do not retry", "dừng lại, đừng gửi lại"),
}


def said(pair: tuple[str, str], lang: Lang) -> str:
    """Return one language of a pair.

    >>> said(("the key", "khóa"), "vi")
    'khóa'
    """
    return pair[0] if lang == "en" else pair[1]


def about(origin: Origin | None, scope: Scope | None, lang: Lang) -> str:
    """Say who reported a failure, and what it is about."""
    parts = []
    if origin is not None:
        parts.append(said(ORIGINS[origin], lang))
    if scope is not None:
        parts.append(said(("about {}", "liên quan đến {}"), lang).format(said(SCOPES[scope], lang)))
    return ", ".join(parts)


def wait(seconds: float, lang: Lang, *, retryable: bool) -> str:
    """Say how long to wait before sending again.

    >>> wait(1.5, "en", retryable=True)
    'at least 1.5 s, as the server asks'
    """
    if not retryable:
        return said(("none: waiting does not help", "không: chờ cũng không giúp được gì"), lang)
    if seconds <= 0:
        return said(
            (
                "backoff: 1, 2, 4, 8 s, each up to 1 s longer",
                "lùi dần: 1, 2, 4, 8 giây, cộng tối đa 1 giây",
            ),
            lang,
        )
    return said(
        ("at least {:g} s, as the server asks", "ít nhất {:g} giây, theo yêu cầu của máy chủ"), lang
    ).format(seconds)
