home-waits = { $n ->
    [0] 没有等你处理的事
   *[other] 有 { $n } 件事等你处理
}
home-lede = 等你处理的事、各处运行的版本，以及最近的发布。
home-waiting = 等我处理
home-nothing-waits = 没有要处理的
home-nothing-waits-why = 需要你审批、测试或发布的会一直留在这里。
home-asked-by = { $who } 提交于
home-review = 查看工单
home-all-waiting = 查看全部待审批
home-projects = 我的项目
home-no-projects = 你还没有加入项目
home-no-projects-ops = 运维批准第一个项目后，会显示在这里。
home-no-projects-why = 请联系项目负责人把你加入。
home-mine = 我提交的工单
home-none-open = 没有待审批的工单
home-none-open-why = 你提交的申请在审批前都在这里。
home-projects-lede = 各处正在运行的版本
home-not-yet = 尚未部署
home-no-place = 还没有容器
home-no-release = 还没有发布
home-latest = 最近的发布
home-latest-lede = 你能看到的项目
home-no-releases = 还没有发布
home-no-releases-why = 有人创建发布后，会立即显示在这里。
home-turn-confirm = { $project } { $tag } 等你确认
home-turn-confirm-why = { $what }，由 { $who } 发布，测试环境开始运行于
home-turn-confirm-go = 查看并确认
home-turn-release = { $project } { $tag } 可以上生产
home-turn-release-why = { $what }，由 { $who } 发布，确认于
home-turn-release-go = 查看并发布
home-stuck = { $n ->
   *[other] 有 { $n } 个运行任务需要人工处理
}
