"""The advice in Vietnamese. `[…{name}…]` is said only when the name is known."""

from __future__ import annotations

from typing import Final

from halley.core.model import Action, Kind

UNITS: Final = ("giây", "phút", "giờ", "ngày")
NOTHING: Final = "Không có lỗi nào."

BY_KIND: Final[dict[Kind, str]] = {
    Kind.INVALID_REQUEST: (
        "Hãy sửa yêu cầu[ ở trường `{field}`]: gửi lại y nguyên thì vẫn sẽ lỗi."
    ),
    Kind.UNSUPPORTED_PARAMETER: (
        "Hãy bỏ hoặc đổi tên tham số[ `{field}`]: mô hình này[ ({model})] không chấp nhận nó."
    ),
    Kind.CONTEXT_LENGTH: (
        "Hãy rút ngắn nội dung hoặc giảm giới hạn đầu ra, hoặc chọn mô hình có ngữ cảnh dài hơn"
        "[ {model}]."
    ),
    Kind.CONTENT_POLICY: (
        "Nội dung đã bị từ chối. Hãy sửa câu lệnh hoặc tệp đính kèm: gửi lại như cũ vẫn sẽ bị"
        " từ chối."
    ),
    Kind.TOO_LARGE: "Hãy thu nhỏ yêu cầu: chia nhỏ, giảm dung lượng tệp hoặc dùng liên kết.",
    Kind.WRONG_PATH: (
        "Hãy kiểm tra địa chỉ gốc và đường dẫn: của CometAPI là https://api.cometapi.com/v1, không"
        " thiếu và không lặp /v1. Đừng đi theo chuyển hướng."
    ),
    Kind.MODEL_NOT_FOUND: (
        "Hãy chọn mô hình khác: không nơi nào phục vụ mô hình này[ ({model})] cho khóa này. Hãy đối"
        " chiếu tên với danh sách mô hình."
    ),
    Kind.MODEL_ACCESS: (
        "Mô hình này[ ({model})] không dùng được với yêu cầu, khóa hoặc tài khoản này: hãy chọn mô"
        " hình khác hoặc xin cấp quyền."
    ),
    Kind.INVALID_KEY: (
        "Hãy ngừng dùng khóa này[ ({key})]: kiểm tra tiêu đề Authorization rồi dùng khóa hợp lệ."
    ),
    Kind.KEY_QUOTA: (
        "Khóa này[ ({key})] đã dùng hết hạn mức riêng: hãy nâng hạn mức hoặc dùng khóa khác."
    ),
    Kind.PERMISSION: "Tài khoản này không có quyền đó. Hãy xin cấp quyền; chờ đợi không giúp ích.",
    Kind.BALANCE: "Tài khoản đã hết tiền: hãy nạp thêm hoặc nâng giới hạn chi tiêu.",
    Kind.QUOTA: (
        "Hạn mức cứng đã hết. Hãy quay lại khi hạn mức được đặt lại[ (sau {wait})], nâng hạn mức,"
        " hoặc tạm dùng dịch vụ khác."
    ),
    Kind.ACCOUNT: "Tài khoản bị khóa hoặc cần xác minh: phải có người đứng ra giải quyết.",
    Kind.REGION: "Dịch vụ từ chối quốc gia hoặc khu vực này: hãy dùng nơi có phục vụ khu vực đó.",
    Kind.BLOCKED: (
        "Tường lửa phía trước dịch vụ đã từ chối kết nối, không phải do khóa. Hãy kiểm tra mạng,"
        " địa chỉ IP và User-Agent."
    ),
    Kind.RATE_LIMIT: "Quá nhiều yêu cầu: hãy chờ[ {wait}] rồi gửi lại, mỗi lần ít hơn.",
    Kind.CONCURRENCY: "Quá nhiều yêu cầu cùng lúc: hãy giảm số yêu cầu song song[ và chờ {wait}].",
    Kind.OVERLOADED: "Dịch vụ đang quá tải: hãy chờ[ {wait}] rồi gửi lại, thưa hơn.",
    Kind.SERVER_ERROR: (
        "Dịch vụ gặp sự cố: hãy chờ[ {wait}] rồi gửi lại. Giữ mã yêu cầu để liên hệ hỗ trợ."
    ),
    Kind.GATEWAY_CONFIG: (
        "Cổng trung gian không có tuyến nào dùng được cho yêu cầu này[ ({model})]: hãy dùng mô hình"
        " hoặc dịch vụ khác."
    ),
    Kind.UPSTREAM_ERROR: (
        "Nhà cung cấp phía sau cổng trung gian gặp sự cố: hãy chờ[ {wait}] rồi gửi lại."
    ),
    Kind.TIMEOUT: (
        "Quá thời gian chờ: hãy gửi lại[ sau {wait}]. Nên dùng chế độ truyền dần hoặc yêu cầu nhỏ"
        " hơn; lần gửi vừa rồi có thể đã bị tính tiền."
    ),
    Kind.CONNECTION: "Kết nối thất bại: hãy kiểm tra mạng[, chờ {wait}] rồi gửi lại.",
    Kind.CONFLICT: "Có thao tác khác đang thay đổi cùng đối tượng: hãy chờ[ {wait}] rồi gửi lại.",
    Kind.BAD_REPLY: "Câu trả lời đã đến nhưng không dùng được: hãy gửi lại, tối đa vài lần.",
    Kind.TASK_NOT_VISIBLE: (
        "Tác vụ chưa hiển thị: hãy hỏi lại sau vài giây, và đừng gửi lại tác vụ đó."
    ),
    Kind.TASK_PENDING: "Tác vụ vẫn đang chạy: hãy hỏi lại sau 10 đến 20 giây.",
    Kind.TASK_FAILED: "Tác vụ đã thất bại hẳn. Gửi tác vụ mới là một lần mua mới.",
    Kind.STREAM_CUT: (
        "Câu trả lời bị ngắt giữa chừng: phần đã nhận chưa đầy đủ. Hãy gửi lại nếu chấp nhận có thể"
        " bị tính tiền hai lần."
    ),
    Kind.UNKNOWN: "halley chưa biết lỗi này: hãy đọc phản hồi, và báo lại nếu lỗi lặp lại.",
}

BY_ACTION: Final[dict[Action, str]] = {
    Action.RECONCILE: (
        "Yêu cầu mua này có thể đã được chấp nhận và tính tiền. Hãy tìm nó trong danh sách tác vụ,"
        " bảng điều khiển hoặc số dư trước khi gửi lại."
    ),
}

BY_KIND_AND_ACTION: Final[dict[tuple[Kind, Action], str]] = {
    (Kind.INVALID_KEY, Action.FAIL_OVER): (
        "Khóa của cổng trung gian tại nhà cung cấp bị từ chối, không phải khóa của bạn: hãy dùng"
        " dịch vụ hoặc mô hình khác."
    ),
    (Kind.BALANCE, Action.FAIL_OVER): (
        "Tài khoản của cổng trung gian tại nhà cung cấp đã hết tiền, không phải của bạn: hãy dùng"
        " dịch vụ khác."
    ),
    (Kind.QUOTA, Action.FAIL_OVER): (
        "Tài khoản của cổng trung gian tại nhà cung cấp đã hết hạn mức: hãy dùng dịch vụ hoặc mô"
        " hình khác."
    ),
    (Kind.QUOTA, Action.TOP_UP): (
        "Mô hình này[ ({model})] không có hạn mức miễn phí cho tài khoản này: hãy bật thanh toán"
        " hoặc chọn mô hình khác."
    ),
    (Kind.PERMISSION, Action.ROTATE_KEY): (
        "Khóa này[ ({key})] không được phép làm việc đó: hãy dùng khóa có đủ quyền."
    ),
    (Kind.PERMISSION, Action.FIX_REQUEST): (
        "Bị cấm: hãy bỏ các trường mà mô hình không hỗ trợ và kiểm tra quyền dùng mô hình"
        "[ ({model})]."
    ),
    (Kind.OVERLOADED, Action.FIX_MODEL): (
        "Mô hình này[ ({model})] đã hết năng lực phục vụ: hãy chọn mô hình khác."
    ),
    (Kind.CONNECTION, Action.STOP): (
        "Kết nối bảo mật bị từ chối: hãy kiểm tra chứng chỉ, đồng hồ máy và proxy."
    ),
    (Kind.BAD_REPLY, Action.FAIL_OVER): (
        "Nhiều câu trả lời đã đến nhưng không dùng được: hãy dùng dịch vụ hoặc mô hình khác."
    ),
    (Kind.TASK_NOT_VISIBLE, Action.STOP): (
        "Không có tác vụ này với khóa hiện tại: hãy kiểm tra mã tác vụ và khóa đã dùng để gửi."
    ),
    (Kind.SERVER_ERROR, Action.STOP): "Dịch vụ gặp sự cố và yêu cầu không thử lại.",
    (Kind.OVERLOADED, Action.STOP): "Dịch vụ đang quá tải và yêu cầu không thử lại.",
    (Kind.RATE_LIMIT, Action.STOP): "Đã chạm giới hạn và dịch vụ yêu cầu không thử lại.",
    (Kind.CONCURRENCY, Action.FAIL_OVER): (
        "Số lệnh gọi vượt quá giới hạn của khóa và mô hình này[ ({model})] trong thời gian cho"
        " phép: hãy gọi ít hơn, tăng deadline_s, hoặc dùng khóa hay mô hình khác."
    ),
    (Kind.RATE_LIMIT, Action.FAIL_OVER): (
        "Nhà cung cấp đang giới hạn cổng trung gian: hãy dùng dịch vụ khác."
    ),
}
