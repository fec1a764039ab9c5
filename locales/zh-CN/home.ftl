home-waits = { $n ->
    [0] 没有等你处理的事
   *[other] 有 { $n } 件事等你处理
}
home-lede = 需要你审批的、你的项目，以及你提交的申请。
home-waiting = 等我处理
home-nothing-waits = 没有要审批的
home-nothing-waits-why = 需要你审批的会一直留在这里。
home-asked-by = { $who } 提交于
home-review = 查看工单
home-all-waiting = 查看全部待审批
home-projects = 我的项目
home-my-role = 我的角色
home-no-projects = 你还没有加入项目
home-no-projects-ops = 可以在“项目”中查看全部。
home-no-projects-why = 请联系项目负责人把你加入。
home-mine = 我提交的工单
home-none-open = 没有未结束的
home-none-open-why = 你提交的申请在审批前都在这里。
