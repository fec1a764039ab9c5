step-unknown = 当前版本的 Slipway 不认识这个步骤。
step-panicked = 步骤在 Slipway 内部中断，日志中有位置。
step-too-slow = 步骤超过了允许的时间。
step-not-recorded = 步骤的结果无法保存。
step-abandoned = 运维已放弃：{ $reason }
