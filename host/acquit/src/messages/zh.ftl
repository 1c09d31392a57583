# 给人看的文字，中文。`en.ftl` 有相同的标识和变量。

## 通用

test-banner = 测试 - 非真实交易
entry-manual = 手工输入
entry-stripe = 刷卡
entry-contact-chip = 插卡
entry-contactless-chip = 挥卡
entry-contactless-stripe = 挥卡（磁条）
entry-code-scan = 扫码
entry-fell-back = 降级刷卡
operation-sign-in = 签到
operation-sign-off = 签退
operation-echo = 回响测试
operation-download = 下载
operation-sale = 消费
operation-preauthorize = 预授权
operation-scan-to-pay = 扫码支付（被扫）
operation-show-to-pay = 扫码支付（主扫）
operation-balance = 余额查询
operation-void = 消费撤销
operation-refund = 退货
operation-complete = 预授权完成
operation-cancel-preauthorization = 预授权撤销
operation-cancel-completion = 预授权完成撤销
operation-reverse = 冲正
operation-inquire = 交易查询
operation-tip = 小费
operation-report-scripts = 脚本结果通知
operation-settle = 批结算
operation-upload = 批上送
outcome-approved = 交易成功
outcome-declined = 交易被拒绝
outcome-unknown = 结果未知
outcome-not-sent = 未发出
outcome-done = 已完成
undo-no-answer = 未收到应答
undo-bad-mac = 应答校验不通过
undo-malfunction = 终端故障
undo-card-refused = 卡片拒绝
undo-cancelled = 已取消

## 终端屏幕

screen-welcome = 请开始交易
screen-present-card = { $amount }，请出示卡片
screen-present-code = 请出示付款码，金额 { $amount }
screen-enter-pin = { $amount }，请输入密码
screen-processing = 正在处理，请稍候
screen-approved = 交易成功
screen-declined = 交易被拒绝：{ $sentence }
screen-unknown = 交易结果未知，请先不要重复付款
screen-use-chip = 此卡为芯片卡，请插卡
screen-swipe-instead = 芯片无法读取，请刷卡
screen-try-again = 读卡失败，请重试
screen-remove-card = 请取走卡片
screen-cancelled = 已取消，未扣款
screen-reader-busy = 读卡器正在处理另一笔交易的卡，未扣款；请待其结束后重新发起
screen-card-removed = 卡片过早移开，未扣款
screen-card-unreadable = 无法读取卡片，未扣款
screen-owed = 欠 { $count } 笔
screen-exposure = { $acquirer } 尚有 { $count } 笔离线交易未上送，共 { $amount }
screen-escalated = { $count } 笔欠账需要人工处理，请用 `acquit owed` 查看
screen-partial = { $asked } 仅批准 { $approved }，是否接受？请在 { $seconds } 秒内输入：acquit answer yes { $transaction }（或 no）
screen-show-code = 请扫码付款：{ $code }
screen-settling = 正在与 { $acquirer } 结算

## 签到

sign-in-start = 正在向 { $acquirer } 签到
sign-in-done = { $acquirer } 签到成功
sign-in-keys = 工作密钥 { $keys }：校验值核对一致
sign-in-batch = 批次号 { $batch }
sign-in-declined = { $acquirer } 拒绝签到（{ $code }）。签到成功前不能交易。
sign-in-unknown = { $acquirer } 未应答签到。请检查网络，终端会自动重试。
sign-in-bad-keys = { $acquirer } 下发的工作密钥校验值不符，工作密钥已全部清除；签到成功前不能交易。
errand-done-sign-off = { $acquirer } 签退成功
errand-done-echo = { $acquirer } 连接正常
errand-done-download = { $acquirer } 下载完成
errand-done-advise = 已通知 { $acquirer }
errand-done-other = 已完成
errand-refused = { $acquirer } 拒绝：{ $reason }（{ $code }）
errand-failed = 无法连接 { $acquirer }，或其应答无法验证。没有任何改变，请重试。

## 消费（给收银员）

sale-identity = 交易标识 { $transaction }
sale-approved = 交易成功：{ $amount }
sale-approved-in-part = 仅批准 { $amount }，尚需支付 { $missing }
sale-declined = 交易被拒绝：{ $reason }
sale-declined-customer = 告知顾客：{ $sentence }
sale-declined-cashier = 下一步：{ $step }
sale-unknown = 结果未知：{ $amount }。终端查明之前，请勿重复操作。
sale-not-sent = 交易未发出，未扣款，可以重试。
sale-repeated = 交易 { $transaction } 已处理过，以下为原结果，未再次扣款。
sale-other-amount = 交易 { $transaction } 已存在，金额为 { $amount }。新的付款请使用新的交易标识。
sale-bad-amount = “{ $text }”不是有效金额，请按 { $example } 的格式输入。
sale-other-operation = 交易 { $transaction } 已存在，是另一种交易：{ $operation }。请使用新的交易标识。
sale-tip-too-large = 小费必须小于金额：金额是包含小费的总额。
sale-balance = 余额：{ $amount }
sale-balance-negative = 余额：透支 { $amount }
sale-held = 已预授权 { $amount }。完成请用 `acquit complete --of { $transaction }`。
sale-offline = 离线批准：{ $amount }。{ $acquirer } 尚未收到，终端会自动上送。
sale-found-out = 此前结果未知，现已查明。
sale-stopped-waiting = 已停止等待。如已扣款，终端会自动退回。
sale-card-refused = { $acquirer } 批准后卡片拒绝，终端会自动冲正 { $amount }。
sale-other-amount-approved = { $acquirer } 仅批准 { $approved }，未被接受，终端会自动冲正。
sale-wrong-ceiling = 金额为零或超出本终端限额，未扣款。
sale-unsupported = 本终端上的 { $acquirer } 不支持此交易。
sale-plugin-failed = { $acquirer } 的插件出错或提出了不允许的请求，未发出任何数据。请联系维护人员。
following-amount-needed = 请输入金额：终端不知道原交易。
following-original-unknown = 本终端没有该原交易。请核对交易标识；在别处完成的交易请按其签购单输入。
following-not-fit-kind = 原交易的种类不允许此操作。
following-not-fit-not-approved = 原交易未成功，没有可撤销或完成的金额。
following-not-fit-other-batch = 原交易所在批次已结算，请用 `acquit refund` 退货。
following-not-fit-unresolved = 原交易或其后续交易的结果尚未查明。请等 `acquit owed` 清空后，再用 `acquit explain` 查看。
following-not-fit-other-acquirer = 原交易属于另一收单机构。
following-not-fit-typed = 输入的内容不符合 { $acquirer } 的要求，或本终端不允许处理在别处完成的交易。
following-already-done = 此操作已经完成，请用 `acquit explain` 查看。
following-other-card = 此卡不是原交易的卡，请使用原卡。
following-too-much = 金额超过原交易的剩余金额。
following-card-gone = 原交易的卡数据已不再保留，且未出示卡片。请持卡办理。
following-inquired-approved = 已查明：交易成功，{ $amount }。
following-inquired-declined = 已查明：交易被拒绝。
cancelled-nothing = 没有正在等待的交易 { $transaction }。未作任何更改；用 `acquit explain { $transaction }` 查看其结果。
answered-no-question = 终端现在没有提问。
answered-which = 有多个问题待答：{ $transactions }。请指明：acquit answer yes ID
answered-yes = 已回答：是
answered-no = 已回答：否，款项将退回。
sale-over-ceiling = { $amount } 超出本终端单笔限额 { $limit }，未扣款。
sale-debts-first = { $acquirer } 尚有 { $count } 笔交易未确认，确认前不能发起新交易。
sale-too-many-refused = { $acquirer } 已拒绝 { $count } 笔冲正，请先联系收单机构，再发起新交易。
sale-not-signed-in = 尚未向 { $acquirer } 签到，请先签到再试。
sale-suspended = { $acquirer } 已暂停交易：连续三次应答校验不通过，请联系收单机构。
sale-journal-unreadable = 交易日志无法完整读取，暂停新交易；可读取的欠账仍会继续处理。请联系维护人员。
sale-storage-full = 终端无法写入交易日志，交易未发出。请清理存储空间后重试。
sale-no-room = 终端存储空间即将用尽，交易未发出。剩余空间留给欠账，欠账仍会继续处理；请清理存储空间后再收款。
sale-no-devices = 本终端没有读卡器，只能处理欠账，不能受理交易。
receipt-not-printed = 签购单未打印：{ $problem }。交易结果不受影响。

## 欠账

owed = 欠 { $count } 笔
owed-paying = 正在处理对 { $acquirer } 的欠账：{ $count } 笔
owed-line = { $kind }，{ $amount }，流水号 { $trace }，交易标识 { $transaction }：{ $state }
owed-kind-reversal = 冲正
owed-kind-inquiry = 查询
owed-kind-repetition = 重发
owed-kind-advice = 通知
owed-kind-script-report = 脚本结果通知
owed-since = 自 { $time } 起
owed-escalated = 需要人工处理：请联系 { $acquirer }
owed-exposure = { $acquirer }：{ $count } 笔共 { $amount } 尚未上送
owed-state-unheard = 尚无可信应答，已尝试 { $attempts } 次
owed-state-refused = 收单机构拒绝（{ $code }），仍欠
owed-state-unmatched = 收单机构查无此交易（{ $code }），待结算核对

## 放弃欠账

waive-done = 已放弃：交易 { $transaction } 的 { $amount } 冲正。终端不再发送这笔冲正，原因和签名保留在交易日志中。
waive-unknown = 没有欠账 { $debt }，请用 `acquit owed` 查看。
waive-paid = { $debt } 已由收单机构确认，不再欠账，无需放弃。
waive-again = { $debt } 已放弃过。
waive-reason = 放弃欠账必须写明原因：一行，1 到 { $limit } 个字。
waive-no-keys = 本终端没有设置可放弃欠账的密钥。请用 `acquit operator new-key` 生成密钥，并把公钥写入配置：[operator] keys = [...]
waive-other-key = 密钥 { $key } 不在本终端的操作员密钥之中。请用已登记的密钥签名，或把它写入配置后重启终端。
waive-bad-signature = 密钥 { $key } 的签名不正确，未放弃任何欠账。
waive-storage = 终端无法写入交易日志，结果不确定。请清理存储空间，再用 `acquit owed` 查看欠账是否还在。

## 查看交易日志

journal-public-key = 本终端的证据用此公钥验证：{ $key }
journal-anchored = 已建立锚点，记录了前 { $count } 条；以后每次启动都会核对。
journal-whole = 交易日志完好：{ $count } 条记录，{ $checkpoints } 个检查点。校验和、承诺、链、树和检查点均核对一致。
journal-root = 根 { $root }
journal-without-key = 缺少交易日志密钥，未读取记录内容，只核对了结构、链和树。
stats-size = { $count } 个分段，{ $spares } 个备用，{ $entries } 条记录，占用 { $bytes }
stats-payment = { $count } 笔付款，平均每笔 { $bytes }
stats-room = 剩余 { $free }；其中 { $reserve } 留给欠账和结算
stats-retention = 按每天 { $payments } 笔付款，空间可用 { $count } 天

## 证据

evidence-written = 交易 { $transaction } 的证据：{ $count } 条记录，已写入 { $file }。验证方法：acquit evidence verify { $file } --key { $key }
evidence-holds = 证据成立：交易 { $transaction } 的 { $count } 条记录，位于由 { $origin } 签名的共 { $size } 条记录的交易日志中。
evidence-earlier = 自先前 { $count } 个已签名状态以来，交易日志只有增加。
evidence-story-follows = 以下经过与这些记录一致。
evidence-story-differs = 以下经过由日志持有人陈述，本程序从这些记录得不出相同的经过。
evidence-fails = 证据不成立：{ $why }

## 签购单

receipt-copy-merchant = 商户存根
receipt-copy-cardholder = 持卡人存根
receipt-reprint = 重打印 - 非新交易
receipt-offline = 离线交易：由终端和卡片批准，联机后立即上送收单机构。
receipt-tip = 其中小费
receipt-asked = 请求金额
receipt-original = 原交易
receipt-original-transaction = 原交易标识
receipt-original-trace = 原流水号
receipt-original-date = 原交易日期
receipt-original-amount = 原交易金额
receipt-original-typed = 按签购单输入
receipt-original-none = 无
receipt-merchant = 商户名称
receipt-merchant-number = 商户编号
receipt-terminal = 终端编号
receipt-acquirer = 收单机构
receipt-operator = 操作员号
receipt-card = 卡号
receipt-entry = 读卡方式
receipt-amount = 金额
receipt-date = 日期
receipt-batch = 批次号
receipt-trace = 流水号
receipt-reference = 检索参考号
receipt-authorization = 授权码
receipt-issuer = 发卡行
receipt-acquiring-bank = 收单行
receipt-note = 备注
receipt-transaction = 交易标识
receipt-outcome = 交易结果
receipt-verified-pin = 已验证密码，无需签名
receipt-verified-device = 已在持卡人设备上验证，无需签名
receipt-signature = 持卡人签名
receipt-signature-agreed = 本人确认以上交易
receipt-thanks = 谢谢惠顾

## 结果未知凭条

unknown-slip-title = 交易结果未知
unknown-slip-do-not-pay = 查明之前，请勿重复付款。
unknown-slip-promise = 如已扣款，终端会自动冲正，并持续重试直到确认。
unknown-slip-do-not-repeat = 查明之前，请勿重复办理。
unknown-slip-promise-back = 终端会自动继续查询，直到收单机构应答。
unknown-slip-contact = 咨询：{ $contact }
unknown-slip-keep = 请保留此凭条，查询时出示。

## 批结算

settlement-title = 批结算
settlement-done = { $acquirer }：批次 { $batch } 已结算
settlement-balanced = 对账平：{ $acquirer } 的金额一致
settlement-unbalanced = 对账不平：{ $acquirer } 的金额不一致
settlement-uploaded = 已上送 { $count } 笔明细
settlement-passed-over = 卡数据已不存，未上送，请向收单机构核实
settlement-carried = 被拒绝，转入下一批次
settlement-closed = 收单机构查无此交易，随本次结算了结
settlement-escalated = 需要人工处理
settlement-exposure = 尚未上送
settlement-batch = 批次
settlement-date = 结算时间
settlement-acquirer = 收单机构
settlement-group = { $group } 组
settlement-no-group = 未分组
settlement-count = { $operation }（{ $count } 笔）
settlement-group-balanced = 平
settlement-group-unbalanced = 不平
settlement-group-failed = 无法核对
settlement-nothing = { $acquirer } 的批次中没有可结算的交易。
settlement-differs = { $acquirer } 批次的累计金额与逐笔重算不一致，未发出任何数据。请联系维护人员；每一笔交易都在交易日志中。
settlement-open = { $acquirer } 的结算尚未完成，须先完成。终端会自动继续，也可用 `acquit settle`。
settlement-debts-first = { $acquirer } 尚有 { $count } 笔交易未应答，应答前批次不能关闭；请用 `acquit owed` 查看。
settlement-unknown = { $acquirer } 未应答结算。结算保持打开，会自动从中断处继续，也可用 `acquit settle`。
settlement-none-yet = 没有可打印的 { $acquirer } 结算单。
open-batch-head = { $acquirer }：批次 { $batch }，共 { $count } 笔
open-batch-line = { $time }  { $operation } { $amount }  流水号 { $trace }  { $transaction }
open-batch-empty = { $acquirer }：批次 { $batch } 为空
totals-line = { $acquirer }：{ $amount }
totals-batch = 批次 { $batch }：{ $operation }（{ $count } 笔）{ $amount }
totals-exposure = 尚未上送：{ $amount }
reprint-nothing = { $transaction } 没有签购单：交易未成功，也没有待查的结果。
reprint-none = 还没有可打印的签购单。

## 一笔交易的来龙去脉

explain-title = 交易标识 { $transaction }
explain-summary = { $operation } { $amount }，{ $acquirer }，流水号 { $trace }
explain-no-such = 交易日志中没有交易 { $transaction }。
explain-question-customer = 顾客是否已扣款？
explain-customer-charged = 是，{ $amount }。
explain-customer-not-charged = 否。
explain-customer-taken-back = 否。收单机构已确认 { $amount } 冲正成功，或从未扣款。
explain-customer-unknown = 尚不确定，卡内可能已扣 { $amount }。
explain-customer-unmatched = 很可能没有：收单机构查无这笔 { $amount } 的交易，以结算核对为准。
explain-customer-held = 卡内已冻结 { $amount }，尚未扣款。
explain-customer-asked = 否，此操作只是查询。
explain-customer-given-back = 否，{ $amount } 已退回或解冻。
explain-customer-given-back-since = 曾扣 { $amount }，此后已由 { $transaction } 退回。
explain-customer-not-given-back = 没有退回任何款项，原交易不变。
explain-customer-back-undone = 没有退回任何款项：收单机构已确认此操作作废，原交易不变。
explain-customer-back-unknown = { $amount } 是否已退回，尚不确定。
explain-question-shop = 货款能否到账？
explain-shop-paid = 能，{ $amount } 将随下次结算到账。
explain-shop-settled = 能，{ $amount } 已与收单机构结算。
explain-shop-not-paid = 不会到账。
explain-shop-unknown = 尚不确定，{ $amount } 暂按未到账处理。
explain-shop-held = 仅凭此笔不会到账，请用 `acquit complete --of { $transaction }` 完成。
explain-shop-unchanged = 对货款没有影响。
explain-shop-given-back = { $amount } 将从下次结算中扣除，或不再到账。
explain-shop-when-told = 能，{ $amount }，须待 { $acquirer } 收到上送；在此之前由商户承担风险。
explain-shop-lost = 很可能不会：{ $acquirer } 不接受离线批准的 { $amount }。
explain-question-owed = 还欠什么，谁欠谁？
explain-owed-nothing = 不欠。
explain-owed-reversal = 本终端欠 { $acquirer } 一笔 { $amount } 的冲正。
explain-owed-inquiry = 本终端欠 { $acquirer } 一次 { $amount } 的查询。
explain-owed-repetition = 本终端欠 { $acquirer } 一次 { $amount } 的重发。
explain-owed-advice = 本终端欠 { $acquirer } 一笔 { $amount } 的通知：款项已先行变动。
explain-owed-script-report = 本终端欠 { $acquirer } 一份发卡行脚本的执行结果。
explain-owed-refused-other = { $acquirer } 没有接受：{ $kind }，{ $amount }（{ $code }），仍欠。
explain-owed-waived-other = 不再欠。操作员已放弃：{ $kind }，{ $amount }；收单机构并未确认。
explain-owed-refused = { $acquirer } 欠一个说法：它拒绝了 { $amount } 的冲正（{ $code }），这笔冲正仍欠。
explain-owed-unmatched = { $acquirer } 查无这笔 { $amount } 的交易（{ $code }），结算对平前保持未结。
explain-owed-waived = 不再欠。操作员已放弃 { $amount } 的冲正，收单机构并未确认。
explain-customer-waived = 不确定，可能已扣 { $amount }；操作员已放弃冲正，终端不会退回。
explain-next-waived = 按操作员的决定办理：{ $reason }
explain-question-next = 现在怎么办？
explain-next-nothing = 无需处理，可以交付商品。
explain-next-rest = 还差 { $amount }，请用其他方式收取，然后交付商品。
explain-next-done = 无需处理，一切正常。
explain-next-not-done = 未办成。请查看原因，可以重试。
explain-next-wait-back = 请勿重复办理。保持终端开机联网，终端会自动查明。
explain-next-not-paid = 顾客尚未付款。请换一种方式收款，或不交付商品。
explain-next-wait = 请勿重复收款。保持终端开机联网，终端会自动处理欠账。
explain-next-call = 请联系 { $acquirer }，报 { $date } 的流水号 { $trace }。
explain-next-pay-again = 上一笔已撤回，顾客可以重新付款。
explain-timeline = 经过
explain-followed = 后续：{ $operation } { $transaction }，{ $outcome }
explain-line = { $time }  { $event }
event-asked = 发起收款 { $amount }
event-intent = 已登记，并备好冲正报文：流水号 { $trace }
event-sent = 已发往 { $route }
event-maybe-sent = 发往 { $route } 时连接中断，请求可能已到达
event-not-sent = 未向 { $route } 发出任何数据
event-heard = { $acquirer } 应答 { $code }
event-no-answer = 未收到应答
event-broken-answer = 收到的应答无法解析
event-proof-failed = 应答校验不通过：{ $proof }
event-late-answer = 收到迟到的应答，只登记，不采用
event-plugin-failed = 插件 { $plugin }（{ $digest }）出错，改用事先备好的报文
event-overruled = 插件提议 { $proposed }，按安全规则改为 { $instead }
event-missing-remedy = 插件没有给出冲正报文，交易未发出
event-clock-went-back = 终端时钟被回拨
event-card-data-gone = 交易日志中冲正所需的卡数据已不可用，只能由 { $acquirer } 自行退回款项
event-not-uploaded = 卡数据已不再保留，未随批上送。请向 { $acquirer } 核实其是否已有此笔。
event-terminal-stopped = 终端停机
event-terminal-started = 终端重新启动，并读取交易日志
event-reversal-owed = 欠一笔冲正：{ $reason }
event-reversal-sent = 冲正已发往 { $route }，第 { $attempt } 次
event-reversal-no-answer = 冲正未收到应答，仍欠
event-reversal-acknowledged = { $acquirer } 确认冲正（{ $code }），已不欠
event-reversal-refused = { $acquirer } 拒绝冲正（{ $code }），仍欠
event-reversal-unmatched = { $acquirer } 查无原交易（{ $code }），待结算核对
event-waived = 操作员放弃了冲正（{ $reason }），签名密钥 { $key }
event-due = 欠：{ $kind }
event-found-out = 此后查明。{ $outcome }
event-escalated = 长时间未被接受，需要人工处理
event-debt-sent = { $kind }已发往 { $route }，第 { $attempt } 次
event-debt-no-answer = { $kind }未收到应答，仍欠
event-debt-acknowledged = { $acquirer } 已接受{ $kind }（{ $code }），已不欠
event-debt-refused = { $acquirer } 拒绝{ $kind }（{ $code }），仍欠
event-debt-unmatched = { $kind }：{ $acquirer } 查无原交易（{ $code }），待结算核对
event-debt-waived = 操作员放弃了{ $kind }（{ $reason }），签名密钥 { $key }
event-books-differ = 终端自身的合计不一致：{ $why }
event-concluded-approved = 结论：交易成功，{ $amount }
event-concluded-declined = 结论：被拒绝，{ $reason }（{ $code }）
event-concluded-unknown = 结论：结果未知
event-concluded-not-sent = 结论：未发出，未扣款

## 拒绝：原因、对顾客说的话、收银员的下一步

decline-insufficient-funds-reason = 余额不足
decline-insufficient-funds-customer = 您的卡内余额不足。
decline-insufficient-funds-cashier = 请顾客换卡，或减少金额。

decline-limit-exceeded-reason = 超出限额
decline-limit-exceeded-customer = 本次消费超出了您的卡片限额。
decline-limit-exceeded-cashier = 请减少金额或换卡；顾客可联系发卡行调整限额。

decline-expired-card-reason = 卡片已过期
decline-expired-card-customer = 您的卡片已过有效期。
decline-expired-card-cashier = 请核对卡面有效期，并请顾客换卡。

decline-wrong-pin-reason = 密码错误
decline-wrong-pin-customer = 您输入的密码不正确。
decline-wrong-pin-cashier = 请重新发起消费，由顾客再次输入密码。

decline-pin-tries-exceeded-reason = 密码错误次数超限
decline-pin-tries-exceeded-customer = 密码错误次数过多，卡片已被锁定。
decline-pin-tries-exceeded-cashier = 请勿再试此卡，请顾客换卡，并联系发卡行解锁。

decline-invalid-card-reason = 无效卡
decline-invalid-card-customer = 发卡行查无此卡。
decline-invalid-card-cashier = 请重新刷卡一次；如仍被拒绝，请顾客换卡。

decline-lost-or-stolen-reason = 卡片已被发卡行停用
decline-lost-or-stolen-customer = 此卡无法使用，请您联系发卡行。
decline-lost-or-stolen-cashier = 请勿再试，请顾客改用其他方式付款；注意礼貌和自身安全。

decline-restricted-card-reason = 受限制的卡
decline-restricted-card-customer = 您的卡片不能用于此类消费。
decline-restricted-card-cashier = 请顾客换卡。

decline-do-not-honour-reason = 发卡行拒绝
decline-do-not-honour-customer = 发卡行拒绝了本次交易，详情请咨询发卡行。
decline-do-not-honour-cashier = 请顾客换卡；具体原因只有发卡行知道。

decline-call-issuer-reason = 请联系发卡行
decline-call-issuer-customer = 发卡行要求您先与其联系。
decline-call-issuer-cashier = 请顾客拨打卡片背面的客服电话，或换卡。

decline-invalid-amount-reason = 金额无效
decline-invalid-amount-customer = 本次交易金额未被接受。
decline-invalid-amount-cashier = 请核对金额后重新输入。

decline-invalid-merchant-reason = 商户无效
decline-invalid-merchant-customer = 本店暂时无法受理此交易。
decline-invalid-merchant-cashier = 请联系收单机构：商户号或终端号未登记。

decline-not-permitted-reason = 不允许此交易
decline-not-permitted-customer = 您的卡片不支持此类交易。
decline-not-permitted-cashier = 请顾客换卡或改用其他方式付款。

decline-duplicate-reason = 重复交易
decline-duplicate-customer = 该笔交易此前已受理，本次未再扣款。
decline-duplicate-cashier = 请先查明前一笔交易，再决定是否重做。

decline-issuer-unavailable-reason = 发卡行无法应答
decline-issuer-unavailable-customer = 您的发卡行暂时无法应答，本次未扣款。
decline-issuer-unavailable-cashier = 请几分钟后再试，或请顾客换卡。

decline-acquirer-unavailable-reason = 收单系统暂不可用
decline-acquirer-unavailable-customer = 暂时无法刷卡，本次未扣款。
decline-acquirer-unavailable-cashier = 请几分钟后再试；如持续出现，请联系收单机构。

decline-cut-over-reason = 日切处理中
decline-cut-over-customer = 银行系统正在日切，本次未扣款。
decline-cut-over-cashier = 请几分钟后再试。

decline-format-error-reason = 报文格式错误
decline-format-error-customer = 本次交易无法处理，未扣款。
decline-format-error-cashier = 请再试一次；如仍被拒绝，请联系收单机构检查终端参数。

decline-security-failure-reason = 安全校验失败
decline-security-failure-customer = 本次交易未通过安全校验，未扣款。
decline-security-failure-cashier = 请重新签到后再试；如仍被拒绝，请联系收单机构。

decline-not-signed-in-reason = 终端未签到
decline-not-signed-in-customer = 终端尚未就绪，本次未扣款。
decline-not-signed-in-cashier = 请先签到，再重新发起消费。

decline-batch-mismatch-reason = 批次号不一致
decline-batch-mismatch-customer = 终端尚未就绪，本次未扣款。
decline-batch-mismatch-cashier = 请重新签到以同步批次号，再重新发起消费。

decline-fraud-suspected-reason = 疑似风险交易
decline-fraud-suspected-customer = 为保障安全，发卡行已拦截本次交易，请您联系发卡行。
decline-fraud-suspected-cashier = 请勿再试此卡，请顾客改用其他方式付款。

decline-original-not-found-reason = 找不到原交易
decline-original-not-found-customer = 未找到原交易。
decline-original-not-found-cashier = 请核对签购单上的流水号、日期和金额；如均无误，请联系收单机构。

decline-other-reason = 交易被拒绝
decline-other-customer = 本次交易被拒绝，未扣款。
decline-other-cashier = 请顾客换卡或改用其他方式付款；如持续出现，请联系收单机构。

## 密钥录入

keys-ceremony-begun = 密钥槽 { $slot }：密钥分为 { $count } 个分量，由不同保管人分别录入：acquit keys ceremony enter --slot { $slot } --by 姓名
keys-ceremony-none = 没有进行中的密钥录入。
keys-ceremony-left = 还差 { $count } 个分量，须由其他保管人录入。
keys-ceremony-complete = 分量已齐。合成密钥的校验值为 { $value }：请与收单机构提供的核对，然后执行：acquit keys ceremony finish --check-value HEX
keys-ceremony-done = 密钥槽 { $slot }：校验值为 { $value } 的密钥已装载，分量已清除。
keys-ceremony-abandoned = 密钥槽 { $slot }：已录入的内容已清除。
keys-component = { $by }：请输入密钥槽 { $slot } 的分量（不显示）：
keys-component-again = 请再输入一次：
keys-component-taken = 已收到 { $by } 的分量。校验值 { $value }，请与自己的核对。
keys-loaded = { $acquirer }：密钥槽 { $slot } 的密钥已装载。
keys-half-loaded = 密钥槽 { $slot }：已装载密钥对的一半，SHA-256 指纹为 { $value }。
keys-entered = { $by }，{ $time }，校验值 { $value }
keys-slot-holds = { $algorithm }，校验值 { $value }
keys-slot-empty = 未装载
keys-published = 这是公开的密钥（{ $where }），任何人都知道
