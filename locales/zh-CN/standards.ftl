parameters-min-over-max = 最大数必须不小于最小数。
parameters-secret-again = 请输入密文的值。密文不会再次显示，表单被退回后需要重新输入。
parameters-port-twice = 每个端口的端口号和名称都不能重复。集群内第一个端口已是 “http” 和 80。
parameters-port-name-shape = 最多 15 个小写字母、数字和单个连字符，至少含一个字母，例如 metrics。
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
from-own = 自己的值
from-platform = 来自平台
lock-fixed = { $layer ->
    [platform] 对所有服务锁定
    [language] 对所有 { $key } 服务锁定
    [environment] 在 { $key } 环境锁定
   *[project] 对这个项目锁定
 }：{ $reason }
lock-min = { $layer ->
    [platform] 所有服务不少于 { $bound }
    [language] 所有 { $key } 服务不少于 { $bound }
    [environment] { $key } 环境不少于 { $bound }
   *[project] 这个项目不少于 { $bound }
 }：{ $reason }
lock-max = { $layer ->
    [platform] 所有服务不超过 { $bound }
    [language] 所有 { $key } 服务不超过 { $bound }
    [environment] { $key } 环境不超过 { $bound }
   *[project] 这个项目不超过 { $bound }
 }：{ $reason }
lock-one-of = { $layer ->
    [platform] 所有服务只能用 { $bound } 之一
    [language] 所有 { $key } 服务只能用 { $bound } 之一
    [environment] { $key } 环境只能用 { $bound } 之一
   *[project] 这个项目只能用 { $bound } 之一
 }：{ $reason }
form-env-given = 已有的变量。在下面写同名变量，即可为这个工作负载另行设置。
nav-standards = 规范
standards-lede = 各服务共用的规定。每一层都可以在上层的锁定范围内另作规定。
layer = 层
layer-platform = 平台
layer-language = 语言 { $key }
layer-environment = 环境 { $key }
layer-project = 项目 { $key }
layer-revision = 版本
layer-revision-n = 版本 { $n }
layer-revisions = 历史版本
layer-silent = 尚无规定
layer-values = 取值
layer-locks = 锁定
layer-locks-help = JSON 列表。每一项有 pointer、kind（fixed，带 bound 的 min、max，带 options 的 one_of）以及展示给大家看的 reason。
layer-reach = 下属工作负载
layer-reaches = { $n ->
    [0] 它下面还没有工作负载。
   *[other] 它下面有 { $n } 个工作负载。
 }
layer-changed = 修改
layer-says-nothing = 这一层没有给出任何取值。
layer-says-nothing-why = 它下面的服务使用上层的取值。
layer-propose = 提出修改
layer-propose-help = 另一位运维同意之前不会有任何变化。工单会逐项列出每个会变化的工作负载。
layer-document = 今后的取值
layer-document-help = 部署参数的一部分，用 JSON 书写。没写的沿用上层。
layer-wave-size = 每批工作负载数
layer-wave-size-help = 同时部署这么多个。
layer-wave-pause = 批次间隔
layer-wave-pause-help = 一批顺利结束之后等待。第一个失败就会停下其余的。
layer-note = 原因
layer-note-help = 学到了什么；随版本一起保存。
layer-file = 提交修改
layer-says-why = 请说明为什么修改规范。
layer-says-the-same = 这一层现在就是这样规定的。
layer-of-nothing = 没有这个语言、环境或项目。
layer-breaks-workload = { $project } 在 { $environment } 环境的 { $cluster } 集群上将没有有效的参数：{ $field }。
layer-shares-host = { $project } 在 { $environment } 环境的 { $cluster } 集群上将与另一个服务使用同一域名和路径。
layer-says = 规定
layer-affects = 会变化的工作负载
layer-leaves = 保持不变的工作负载
layer-overrules = 推翻
layer-overrules-more = 另有 { $n } 项
layer-fields-help = 留空的项由上下各层决定。
layer-goes-out = 如何推行
layer-as-json = JSON
layer-unsaid = – 不作规定 –
layer-from-above = { $from }：{ $value }
layer-from-the-start = 产品自带：{ $value }
lock-help = 下面各层和各服务不能另作规定的项。
lock-new = 再加一项锁定
lock-pointer = 参数
lock-pointer-help = 从列表中选择，或按文档中的位置书写：/env/JAVA_OPTS、/files。
lock-kind = 规则
lock-kind-help = 对这一层下面的一切有效。
lock-kind-fixed = 下层不得更改
lock-kind-min = 不少于
lock-kind-max = 不超过
lock-kind-one_of = 其中之一
lock-bound = 界限
lock-bound-help = 单位与该项的字段相同。多个值用逗号分隔。
lock-reason = 原因
lock-reason-help = 展示给受它约束的每个人。
lock-fixed-bound = 不得更改的项没有界限。请留空，或选择别的规则。
lock-pointer-unknown = 那里没有参数。
lock-bound-wrong = 这个参数不能取这个值。
unit-workloads = 个工作负载
request-title-layer = 规范 { $subject }
wave-size-range = 1 到 100 个工作负载。
wave-pause-range = 0 到 86400 秒。
wave-pause-seconds = { $n } 秒
waves = 分批
waves-lede = 正在送往下属工作负载的规范修改。
waves-none = 还没有规范修改过。
waves-none-why = 修改获批后，它的分批会显示在这里。
waves-through = 已完成
wave-title = { $layer }，版本 { $n }
wave-n = 第 { $n } 批
wave-through = 已完成 { $through } / { $all }
wave-pace = 每批 { $size } 个，间隔 { $seconds } 秒
wave-state-rolling = 部署中
wave-state-stopped = 已停止
wave-state-done = 已完成
wave-state-replaced = 已被取代
wave-waits-for = 正在等待
wave-waits-for-why = 它更早，还没有完成，并且涉及相同的工作负载；其中可能有问题的内容不会被带过去。请让它继续，或再次修改它的规范。
wave-replaced-why = 这份规范的新版本取代了它，剩下的由新版本带上：
wave-item-waiting = 等待
wave-item-rolling = 部署中
wave-item-done = 已完成
wave-item-failed = 失败
wave-item-kept = 无需部署
wave-resume = 继续其余的
wave-resume-help = 先重试失败的。
wave-stop = 在途的结束后停止
wave-stopped-at = 已停止：{ $workload } 失败。有人继续之前不会开始新的部署。
wave-stopped-by = { $who } 已停止。
wave-not-stopped = 它没有停止，或者已被新版本取代。
wave-not-rolling = 它已经不在进行中。
wave-not-valid = 各层合起来没有给这个工作负载一份有效的参数。
wave-host-taken = 主机名 { $host } 已被其他服务占用，请在该服务自己的参数中另选一个。
wave-nothing-runs = 那里还没有运行任何版本；第一次发布会带上。
wave-not-confirmed = 那里运行的版本没有人确认；下一次发布会带上。
waits-wave = 等待这一批工作负载
waits-wave-pause = 等待下一批
waits-wave-ahead = 等待更早的规范修改
step-name-wave-advance = 逐批部署
run-title-wave = 规范修改的分批
run-kind-wave = 分批
parameters-label-twice = 有两个标签重名。
parameters-scales-by-nothing = 最少与最多不同时，请指定自动伸缩的依据：CPU 或内存。
parameters-mount-shape = 路径以 / 开头，只含字母、数字和 . _ -，且不能指向上级目录。
parameters-mount-not-ours = /proc、/sys、/dev 和 /var/run/secrets 属于系统。
parameters-mount-twice = 其中两个路径互相冲突。
parameters-files-too-long = 所有文件合计不超过 500,000 字节。
parameters-stop-over-grace = Kubernetes 等待的时间不会超过停止宽限时间。
parameters-rolls-nowhere = 既不能多也不能少，就永远无法替换。
parameters-ingress-path-shape = 路径以 / 开头，只含字母、数字和 . _ ~ -。
containers-host-taken = { $cluster } 上已有另一个服务使用 { $host }{ $path }。请换一个域名或路径，或向运维询问它的归属。
parameters-host-shape = 域名请写成 pay.example.com，使用小写。
parameters-label-shape = 标签请写成 disk 或 example.com/disk。
parameters-label-value-shape = 只含字母、数字和 . _ -，以字母或数字开头和结尾，最多 63 个字符。
parameters-key-shape = 只含字母、数字和 . _ -，不能以点开头。
parameters-object-name-shape = 只含小写字母、数字和 -，与 Kubernetes 对象命名相同。
parameters-name-not-yours = 该名称为平台保留。
field-not-with-this-kind = 所选类型没有此项。
parameters-help = 部署参数
parameters-explained = 各参数说明
parameters-help-lede = 服务可以设置的全部参数，以 Schema 为准。表单、API 与各层规范都依据同一份 Schema。
parameters-may-be = 取值
parameters-usual = 产品自带值
parameters-nothing = 无
parameters-range = { $least } 至 { $most }
parameters-lines = 每行一个参数
parameters-word = 文本
parameters-with = 仅当 { $with } 时有效
parameters-lists = 列表
parameters-columns = 每项包含
parameters-versions = 按早期版本写成的参数仍可读取。JSON Schema：
parameters-version = 版本 { $n }
parameters-such-as = 例如 { $what }
parameters-one-of = { $word }：{ $means }
parameters-needed = 必须给出，可来自某一层规范或服务本身
parameters-programs = 供程序使用
parameters-programs-why = 这份 Schema 描述的是合并各层规范之后的完整参数。通过 API 提交时，各层已给出的可以省略；密文变量在名称旁以 secret_value 提交。x-form 只说明表单的画法，读取时可以忽略。
