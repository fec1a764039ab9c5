# 集群现状与已部署内容的对比。
drift-open = 与 { $cluster } 现状对比
drift-title = 与 { $cluster } 现状对比
drift-lede = 把 Slipway 部署的内容与集群现状逐项对比：可能有人手工改过。
drift-again = 重新查看
drift-never = 这里还没有部署过
drift-never-why = 没有可对比的内容，首次发布后才会有。
drift-against = 对比基准：第 { $n } 次部署，参数修订 { $revision }，完成于
drift-looked = 查看于
drift-waits = 参数修订 { $revision } 将随下一次部署生效，其中的新内容不算漂移。
drift-tried = 之后有一次部署没有成功，它留下的内容也显示在这里。
drift-refused = { $kind } { $name }：按现状，集群会拒绝已部署的内容：{ $detail }
drift-under-way = { $who } 正在那里部署。请在完成后重新查看。
drift-none = 现状与部署内容一致
drift-none-why = 所有字段都与 Slipway 部署时相同。查看于
drift-lines = { $n ->
   *[other] { $n } 处差异
}
drift-field = 对象与字段
drift-change = 部署内容与现状
drift-by = 修改者
drift-by-nobody = 无记录
drift-gone = 已不存在
drift-beside = 部署内容之外由他人设置
drift-no-words = 参数无法表达：请恢复，或保持现状。
drift-no-words-beside = 参数无法表达：可以移除，或保持现状。
drift-in-parameters = 对应参数：
drift-ways = 如何处理
drift-adopt = 纳入参数
drift-adopt-means = 为这个集群提交一张工单，内容正是下列参数的现状；审批人会逐个字段看到差异。
drift-adopt-button = 申请纳入参数
drift-nothing-to-adopt = 这些差异都无法用参数表达。
drift-restore = 恢复部署内容
drift-restore-means = 把正在运行的内容重新部署一次：Slipway 的字段和对象恢复为部署时的样子。只有容器内容有差异时才会替换容器。
drift-take-away = 同时移除他人另外设置的内容
drift-beside-moved = 他人另外设置的内容已经与您看到的不同，请重新查看。
drift-restore-button = 在 { $cluster } 上恢复
drift-why = 原因
