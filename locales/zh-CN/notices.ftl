# What people are told.
notice-request-waits = 工单 { $number } 等待审批：{ $subject }
notice-request-approved = 工单 { $number } 已批准：{ $subject }
notice-request-rejected = 工单 { $number } 已驳回：{ $subject }
notice-release-awaits-confirmation = { $project }：{ $tag } 已在测试环境，等待测试确认
notice-release-awaits-approval = { $project }：{ $tag } 等待批准上线
notice-release-in-production = { $project }：{ $tag } 已上线
notice-release-failed = { $project }：{ $tag } 发布失败
notice-rolled-back = { $project }：{ $environment } 已回滚到 { $tag }
notice-rollback-failed = { $project }：{ $environment } 未能回滚到 { $tag }
notice-rollout-failed = { $project }：{ $environment } 使用 { $tag } 未能重新启动
notice-production-stopped = 生产已停止变更
notice-production-opened = 生产已恢复变更
notice-system-down = { $system } 不可用
notice-system-up = { $system } 已恢复
notice-typed = { $text }
notice-why = 原因：{ $text }
notice-who = 相关人：{ $text }
notice-many = { $n } 条消息
notice-more = …… 还有 { $n } 条：{ $link }
notice-digest = 有 { $n } 件事等待处理
notice-test = 测试消息：此渠道可用
notice-test-by = { $who } 按下了测试按钮。

# What can come of a message.
notice-test-sent = 对方已收下测试消息。
notice-error-nowhere = 没有收件地址，或没有用于个人邮件的邮件服务器。
notice-error-away = 没有回应：{ $said }
notice-error-denied = 对方不认识我们，或证书不符：{ $said }
notice-error-refused = 对方拒收此消息：{ $said }
notice-error-unexpected = 无法理解对方的回应：{ $said }
notice-error-signature = 机器人称签名不符（{ $code }：{ $said }）。请重新填写机器人的密钥，并检查本机时钟。
notice-error-keyword = 机器人要求每条消息含关键词（{ $code }：{ $said }）。请将其关键词设为 Slipway。
notice-error-address = 机器人不接受本机所用的 IP 地址（{ $code }：{ $said }）。
notice-error-token = 机器人已不存在，或其地址有误（{ $code }：{ $said }）。
notice-error-too-fast = 机器人称消息过于频繁（{ $code }：{ $said }），稍后重试。
notice-error-robot-away = 机器人自身出现问题（{ $code }：{ $said }）。
notice-error-robot = 机器人拒收此消息（{ $code }：{ $said }）。
notice-none-given-up = 此渠道没有已放弃的消息。

# What a form says.
may-not-manage-notices = 只有运维和管理员可以更改通知设置。
notice-server-grammar = 请填写主机名或地址，不含端口。
notice-port-grammar = 端口为 1 到 65535 的数字，常用 465 和 587。
notice-password-in-the-open = 密码只在 TLS 内发送。请选择 TLS，或将用户留空。
notice-url-again = 更改密钥时须一并重新填写地址：地址不显示，否则无人能看出两者是否相配。
notice-project-unknown = 其中有不存在的项目。
notice-one-for-people = 已有其他渠道用于个人邮件。
notice-robots-only = 项目可添加钉钉、企业微信和飞书机器人；邮件和 Webhook 由运维管理。
mail-address-grammar = 请填写邮件地址，例如 team@example.com 或 Team <team@example.com>。
time-zone-unknown = 没有此时区。请填写 IANA 名称，例如 Asia/Shanghai 或 Europe/Berlin。
time-of-day-grammar = 请填写时刻，例如 22:00。
cron-unreadable = 这不是会到来的时间。请填写分、时、日、月、星期，例如 0 9 * * MON-FRI。
cron-daily = 每天 { $time }
cron-weekdays = 周一至周五 { $time }
cron-expression = 按表达式 { $expression }
