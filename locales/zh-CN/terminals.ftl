# 容器里的 shell，以及它们显示过的内容。

may-not-open-terminal-in-test = 只有项目的负责人、开发人员和运维可以在测试环境打开终端。
may-not-open-terminal-in-production = 只有项目的负责人和运维可以在生产环境打开终端。
may-not-view-recordings = 只有项目的负责人、运维和审计人员可以查看他人在终端里的操作。

terminal-name-wrong = 这不是 pod 或容器的名称。
terminal-reason-needed = 请说明原因：生产环境直接服务客户。
terminal-not-running = 这个容器现在没有运行。
terminal-not-yours = 这是别人的终端，请打开自己的。
terminal-guest-unknown = 没有可以邀请的此人。请填写对方的登录名。
terminal-guest-may-not-look = 对方无权查看该项目的终端。项目负责人、运维和审计员可以查看。
terminal-guest-may-not-type = 对方可以观看，但不能输入：对方无权在此打开终端。
terminal-guest-there = { $person } 已在其中。一次只能有一位来宾，请先请对方离开。
terminal-guest-there-already = 已有一位来宾。一次只能有一位，请先请对方离开。
terminal-guest-none = 没有人被邀请进入这个终端。
terminal-guest-lapsed = 来宾已无权留在其中。
terminal-not-begun = 这个终端的 shell 尚未开始，须由其所有者先进入。
terminal-elsewhere = 持有这个 shell 的门户进程没有应答。如果它已经终止，半分钟内即可确认，届时请打开新的终端。
terminal-too-many-mine = 你已打开 { $n } 个终端，达到上限。请先结束一个。
terminal-too-many = 已有 { $n } 个终端打开，达到上限。请等其中一个结束后再试。
terminal-no-websocket = 终端是一个 WebSocket。
debug-images-none = 运维没有允许任何调试容器镜像，可通过设置 SLIPWAY_DEBUG_IMAGES 允许。
debug-image-unknown = 这不是运维允许的调试容器镜像，请从允许的镜像中选择。
debug-too-many = 这个 pod 里已放入 { $n } 个调试容器，它们会随 pod 一直保留。请重启它，或选择其他 pod。
terminal-over = 终端已结束：{ $ending ->
    [exited] shell 自行退出。
    [killed] 进程被杀死，或 pod 已被移除。
    [no-shell] 容器里没有 shell。
    [gone] pod 已不存在。
    [pod-replaced] 终端打开期间，pod 被替换或移除。
    [unreachable] 集群没有应答。
    [failed] 集群无法启动 shell。
    [lost] 与集群的连接中断。
    [closed] 有人结束了它。
    [idle] 太久没有输入。
    [too-long] 已达到最长打开时间。
    [abandoned] 没有人及时回来。
    [unused] 没有人进入过。
    [signed-out] 你已退出登录，或会话已结束。
    [right-lost] 你不再有权留在其中。
    [right-unknown] 无法确认谁仍有权留在其中。
    [no-recorder] 无法录制它显示的内容。
    [portal-stopped] 门户已停止。
    [debug-no-image] 无法拉取调试容器的镜像。运维可以查明原因，或允许使用其他镜像。
    [debug-not-started] 调试容器一分钟内没有运行起来，或一启动就退出了。
    [debug-refused] 集群拒绝了调试容器：门户没有相应权限，或集群的策略不允许。
   *[portal-lost] 门户的进程已丢失。
}

ending-exited = 已退出
ending-killed = 被杀死
ending-no-shell = 没有 shell
ending-gone = pod 已不存在
ending-pod-replaced = pod 已被替换
ending-unreachable = 集群没有应答
ending-failed = 无法启动
ending-lost = 与集群失联
ending-closed = 手动结束
ending-idle = 长时间无输入
ending-too-long = 到时结束
ending-abandoned = 无人返回
ending-unused = 从未使用
ending-signed-out = 已退出登录
ending-right-lost = 失去权限
ending-right-unknown = 权限未知
ending-no-recorder = 无法录制
ending-portal-stopped = 门户已停止
ending-portal-lost = 门户进程丢失
ending-debug-no-image = 调试镜像拉取失败
ending-debug-not-started = 调试容器未启动
ending-debug-refused = 调试容器被拒绝

terminal-open = 打开中
terminal-new = { $pod } 的终端
terminal-new-lede = 在浏览器里使用这个容器的 shell。连接断开时，它会继续运行。
terminal-where = 机房和集群
terminal-namespace = 命名空间
terminal-reason = 原因
terminal-recorded = 显示的内容会被录制，输入的内容不会。
terminal-recorded-strictly = 显示的内容会被录制，输入的内容不会。无法录制时，shell 会结束。
terminal-limits = 最长 { $minutes } 分钟后结束，或最后一次按键 { $idle } 分钟后结束。你已打开 { $mine } 个，最多 { $each } 个；全部共打开 { $all } 个，最多 { $in_all } 个。
terminal-open-in = 在 { $environment } 打开终端
terminal-title = { $pod } 的终端
terminal-back = 返回 { $project } 的容器
terminal-recording = 录制中
terminal-ends-at = 结束时间
terminal-smaller = 缩小字体
terminal-larger = 放大字体
terminal-find = 在终端中查找
terminal-find-next = 查找下一个
terminal-find-previous = 查找上一个
terminal-found-nothing = 未找到
terminal-find-close = 关闭查找
terminal-end = 结束
terminal-end-this = 结束这个终端
terminal-open-ones = 打开的终端
terminal-open-another = 打开另一个容器
terminal-try-now = 立即重试
terminal-see-recording = 查看录像
terminal-open-new = 打开新的终端
terminal-needs-script = 终端需要 JavaScript。
terminal-because = 原因：{ $reason }
terminal-keys = 复制：选中后按 Ctrl+Shift+C · 粘贴：Ctrl+Shift+V · 查找：Ctrl+Shift+F
terminal-paste = 粘贴
terminal-paste-not = 不粘贴
terminal-says-starting = 正在连接容器。
terminal-says-lost = 连接已中断 %1。shell 至少还会保留 %2，期间继续运行，输出不会丢失。%3后重试。
terminal-says-refused = 无法进入这个终端。
terminal-says-replaced = 这个终端已在另一个页面打开，并在那里继续。
terminal-says-not-taken = shell 处理不过来：粘贴的内容有 %1 字节未被接收。
terminal-says-skipped = 这里跳过了 %1 字节；录像中有其记录。
terminal-says-idle-soon = 已经很久没有输入。再不按键，shell 将在 %1 秒后结束。
terminal-says-left = 剩余 %1
terminal-says-paste = 要粘贴这 %1 行吗？它们可能会立即执行。
terminal-says-size = %1 × %2
terminal-says-lost-long = 连接已中断 %1，shell 可能已被结束。%2后重试。
terminal-says-away = 连接已中断 %1。%2后重试。
terminal-says-minutes = %1 分钟
terminal-says-seconds = %1 秒
terminal-says-paste-line = 要粘贴这一行吗？它可能会立即执行。
terminal-says-paste-text = 要粘贴这段文字吗？
terminal-says-paste-controls = 其中有 %1 个控制字符，可能使它的作用与看上去不同。下面显示了这些字符，粘贴时会去掉。
terminal-says-paste-more = 另有 %1 个字符未在此显示
terminal-says-paste-refused = 浏览器不允许本页读取剪贴板。请按 Ctrl+Shift+V 粘贴，或使用浏览器、输入法自带的粘贴。
terminal-says-paste-nothing = 剪贴板里没有文字。
terminal-says-copied = 已复制。
terminal-says-copied-screen = 没有选中内容，已复制屏幕上的内容。
terminal-says-copied-not = 浏览器不允许本页写入剪贴板。请按 Ctrl+Shift+C 复制，或使用浏览器自带的复制。
terminal-copy = 复制
terminal-copy-what = 复制选中的内容，未选中时复制屏幕内容
terminal-own-tab = 在单独的浏览器标签页中打开，这个终端保持连接
terminal-keys-bar = 按键
terminal-key-escape = Esc 键
terminal-key-tab = Tab 键
terminal-key-control = Ctrl 键，与下一个按键组合
terminal-key-left = 左方向键
terminal-key-up = 上方向键
terminal-key-down = 下方向键
terminal-key-right = 右方向键
terminal-people = 谁在这个终端里
terminal-alone = 没有其他人。可以再邀请一位有权查看该项目终端的人观看，对方通过本页地址进入。
terminal-person = 登录名
terminal-invite = 邀请
terminal-give = 交出键盘
terminal-take = 收回键盘
terminal-put-out = 请出
terminal-leave = 离开
terminal-people-close = 关闭
home-invited = { $project }：{ $who } 邀请你查看终端
terminal-watch = 观看
terminal-says-alone = 没有其他人。可以再邀请一位有权查看该项目终端的人观看，对方通过本页地址进入。
terminal-says-invited = 已邀请 %1，对方通过本页地址进入
terminal-says-watches = %1 正在观看
terminal-says-types = 键盘在 %1 手中
terminal-says-you-watch = 你正在观看 %1 的终端
terminal-says-you-type = %1 已把键盘交给你
terminal-says-dismissed = 你已不在这个终端中。
debug-container = 调试容器
debug-beside = 位于 { $target } 旁
debug-image = 调试容器的镜像
debug-open = 用调试容器打开
debug-fold = 镜像里没有 shell？
debug-without = 不使用调试容器
debug-lede = shell 可以运行在调试容器里，它会放入同一个 pod，与这个容器并列。
debug-offer = 这个镜像没有 shell。shell 可以运行在调试容器里，它会放入同一个 pod，与这个容器并列。
debug-stays = 它会自行结束，但在 pod 被替换之前一直列在其中。
terminal-says-debug-starting = 正在启动调试容器，可能需要先拉取镜像。
terminal-row = 终端

nav-recordings = 录像
recordings-lede = 终端里显示过的内容：谁在哪里打开，又如何结束。
recordings-filter = 筛选列表
recordings-state = 状态
recordings-any-state = 全部状态
recordings-length = 时长
recordings-none = 这里没有录像。
recordings-none-why = 每个终端都从第一行开始录制。
recording-title = { $pod } 的录像
recording-open-lede = 这个终端仍然打开，录像截止到一秒之前。
recording-download = 下载（asciicast）
recording-exit-code = 退出码
recording-proof = 输出的 SHA-256
replay-title = 回放
replay-never-typed = 输入的内容没有录制。
replay-needs-script = 回放需要 JavaScript，也可以下载录像。
replay-play = 播放
replay-pause = 暂停
replay-seek = 位置
replay-speed = 速度
replay-skip = 跳过停顿
replay-search = 搜索屏幕上显示过的内容
replay-hits = 匹配结果
replay-found = 匹配 %1 处
replay-found-more = 前 %1 处匹配
replay-found-none = 屏幕上从未显示过。
replay-mark-attached = 所有者的页面已进入。
replay-mark-left = 所有者的页面已断开。
replay-mark-passed-over = 大量输出被中断，所有者只看到了结尾。
replay-mark-guest-came = %1 进入观看。
replay-mark-guest-left = %1 离开了。
replay-mark-keyboard-given = 键盘已交给 %1。
replay-mark-keyboard-taken = 已从 %1 收回键盘。
replay-mark-recorder-away = 曾有一段时间无法录制。
replay-mark-omitted = 未保留：%1
replay-failed = 无法加载录像。请重新加载页面，或下载录像。
replay-nothing = 没有显示任何内容。

may-not-move-files-in-test = 只有项目的负责人、开发人员和运维可以在测试环境传输文件。
may-not-move-files-in-production = 只有项目的负责人和运维可以在生产环境传输文件。

file-path-relative = 请填写从 / 开始的完整路径。
file-path-odd = 路径中不能有 .、.. 或控制字符。
file-path-folder = 请写出文件名，而不只是目录。
file-is-folder = 这是一个目录。请先在终端里打包（tar czf /tmp/x.tgz …），或指定其中的一个文件。
file-is-link = 这是一个链接，不会跟随。请填写它所指向的文件。
file-is-special = 这不是普通文件。
file-no-archive = 容器中的 tar 返回的内容不是归档。
file-no-tar = 这个容器里没有 tar，无法传输文件。
file-no-length = 请说明文件的长度。
file-container-refused = 容器拒绝：{ $complaint }
file-too-big = 文件有 { $size } MiB，上限是 { $most } MiB。
file-too-many = 同时传输的文件已达上限，请稍后再试。
file-too-many-mine = 你已有 { $n } 个文件正在传输。请等其中一个完成。
file-lost = 与容器的连接中断。
file-refused = 容器拒绝，或不是可以传输的文件
file-broken-off = 文件传输中途停止
file-failed = 文件未能完整取得

terminal-files = 文件
terminal-files-lede = 一次一个文件，最大 { $most } MiB。每次传输都会记录大小和哈希。
terminal-file-path = 容器内路径
terminal-file-local = 本机文件
terminal-file-get = 下载
terminal-file-put = 上传
terminal-says-file-coming = %1 / %2
terminal-says-file-came = %1 已下载。
terminal-says-file-there = %1 已完整写入。SHA-256：%2
terminal-says-file-broke = 文件传输中途停止，请重试。
recording-files = 文件
recording-file-way = 方向
recording-file-size = 大小
recording-file-way-in = 传入容器
recording-file-way-out = 从容器取出
recording-file-outcome-done = 完整
recording-file-outcome-refused = 被拒绝
recording-file-outcome-broken-off = 中途停止
recording-file-outcome-failed = 失败
recording-file-under-way = 未结束
recording-gone = 屏幕内容已不再保留：录像保留 { $days } 天。

shell-access = 终端权限
shell-access-needed = 这个环境的终端权限只限时发放：请写明原因申请，获批后即可打开。
shell-access-link = 终端权限：谁有限时权限，如何申请
shell-access-lede = 限时数小时的终端权限，给按角色没有权限却需要的人，也用于每次打开终端都要审批的环境。到期自动失效，终端随之关闭。
shell-access-given = 限时权限
shell-access-none = 这里没有人持有限时终端权限。
shell-access-none-why = 在下面申请，获批后即可获得。
shell-access-ask = 申请内容
shell-access-environment = 环境
shell-access-environment-help = 需要终端的环境。
shell-access-hours = 时长
shell-access-hours-help = 从批准时算起。
shell-access-n-hours = { $n } 小时
shell-access-hours-one-of = 请选择 1、2、4、8、24 或 72 小时。
shell-access-files = 文件
shell-access-files-help = 同时允许上传和下载文件
shell-access-with-files = 可传文件
shell-access-without-files = 不可传文件
shell-access-reason = 为什么需要
shell-access-reason-help = 审批人会看到，审计中也会记录。
shell-access-no-environment = 没有这个环境。
shell-access-request = 工单
shell-access-request-n = 工单 { $n }
shell-access-until = 有效期
shell-access-counts = 生效中，
shell-access-over = 已到期，
shell-access-ended-by = 由{ $who }结束，
shell-access-end = 结束
shell-access-next = 由他人批准或驳回。时长从批准时算起，打开的每个终端都会录像。
shell-access-decides = 项目负责人或运维，除非策略另有规定。申请人本人不能审批。
shell-access-send = 申请终端权限
request-title-shell = { $project }：{ $subject } 环境的终端权限
