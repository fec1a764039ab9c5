parameters-min-over-max = 最大数必须不小于最小数。
parameters-request-over-limit = 上限必须不小于申请量。
parameters-env-twice = 有两个变量同名。
parameters-no-schema = Slipway 自身的模式文件损坏。
parameters-cpu-shape = CPU 写作 500m、0.5 或 2。
parameters-memory-shape = 内存写作 512Mi 或 2Gi。
parameters-path-shape = 路径以 / 开头，只含字母、数字和 . _ ~ - / ? = & %。
parameters-env-name-shape = 字母、数字和下划线，不以数字开头，最多 128 个字符。
field-minimum = 必须大于或等于 { $limit }。
field-maximum = 必须小于或等于 { $limit }。
field-one-of = 必须是以下之一：{ $options }。
field-too-many = 最多 { $limit } 个。
field-longer-than = 最多 { $limit } 个字符。
field-too-long = 超过了 Slipway 允许的长度。
field-wrong = 这个值不能用在这里。
field-nul = 文本不能包含字符 U+0000。
