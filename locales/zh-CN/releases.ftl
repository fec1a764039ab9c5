release-ref-grammar = 分支、标签或提交：字母、数字和 . _ / + - #，不含空格。
release-ref-unknown = 仓库中没有这个分支、标签或提交。
release-project-unbound = GitLab 还没有显示这个项目的仓库。出现之后即可发布。
release-no-test-place = 测试环境还没有容器，请先申请。
release-gone = 这个步骤对应的内容已不存在。
environment-unknown = 没有这个环境。
failed-unexplained = 失败了，但没有记录原因。运维可以在日志中查到。

tag-elsewhere = 标签 { $tag } 已存在，并指向另一个提交。请重新发布，会得到新的标签。
tag-not-seen = GitLab 表示标签 { $tag } 已存在，却没有显示它。
tag-refused = GitLab 拒绝了标签 { $tag }：{ $detail }

confirm-own = 不能确认自己的发布，请项目的测试人员确认。
confirm-twice = 刚刚已有人确认了这个摘要。
confirm-done-before = { $who } 已在 { $at } 确认过这个摘要。
confirm-other-digest = 这次发布的摘要是 { $digest }，你看到的是另一个。
confirm-not-waiting = 这次发布现在不在等待确认。
confirm-test-runs-other = { $cluster } 上的 { $environment } 现在运行的不是这个摘要，无法确认。请重新部署到测试环境。

production-not-confirmed = 还没有人确认这个摘要，需要先由项目的测试人员确认。
production-under-way = 这次发布已在前往生产环境。
production-no-place = 项目在这个环境还没有容器，请先申请。
production-only = 发布会自动部署到测试环境；这个按钮用于生产环境。
production-busy = { $who } 正在那里部署。请等它结束，或者回滚。
production-by-button = 生产发布请在发布页面上提出。
production-tag = 发布
production-digest = 摘要
production-commit = 提交
production-change = 变更内容

rollback-never-ran = 这个镜像没有在那里运行过，不能回滚到它。
rollback-not-confirmed = 这个镜像已无人确认，不能进入生产环境。
rollback-not-pullable = 镜像仓库中已没有镜像 { $tag }，请另选一个。
rollout-confirmation-withdrawn = 在所有集群更新之前，测试确认被撤回，不再继续部署。
rollout-superseded = 完成之前被另一次部署取代。

waits-deployment = 等待正在进行的部署结束。
waits-other-deployment = 下一个集群正被另一次部署占用，等待其结束。
waits-rollout = { $desired } 个中有 { $ready } 个就绪。
deployment-deleted = 部署期间，有人删除了 { $cluster }（{ $site }）上的 Deployment。请重新发布。
deployment-image-changed = 部署期间，有人手动改了 { $cluster }（{ $site }）上的镜像。请重新发布以恢复。
deployment-no-progress = { $cluster }（{ $site }）十分钟没有进展，也没有给出原因。

trouble-container-config = { $cluster }（{ $site }）上的容器无法配置：{ $detail }
trouble-image-pull = { $cluster }（{ $site }）无法拉取镜像（{ $reason }）。请检查镜像仓库中是否还有它，以及集群是否有权读取。
trouble-out-of-memory = { $cluster }（{ $site }）上的容器内存超过上限而被停止，已重启 { $restarts } 次。请提高内存上限，或查明占用原因。
trouble-crash-loop = { $cluster }（{ $site }）上的进程自行退出，退出码 { $exit }，已重启 { $restarts } 次。最后几行日志会说明原因。
trouble-cannot-create = { $cluster }（{ $site }）不允许创建容器：{ $detail }
trouble-unschedulable = { $cluster }（{ $site }）没有机器有足够资源：{ $detail }
trouble-probe = { $cluster }（{ $site }）上的进程在运行，但健康检查没有响应：{ $detail }
