release-ref-grammar = A branch, tag or commit: letters, digits and . _ / + - #, without spaces.
release-ref-unknown = The repository has no such branch, tag or commit.
release-project-unbound = GitLab has not shown this project’s repository yet. As soon as it does, releases can be opened.
release-no-test-place = There are no containers in test yet. Ask for containers there first.
release-gone = What this step was for is gone.
environment-unknown = There is no such environment.
failed-unexplained = It failed, and no cause was recorded. Operations can find it in the log.

tag-elsewhere = The tag { $tag } exists already and points at another commit. Open the release again; it gets a new tag.
tag-not-seen = GitLab says that the tag { $tag } exists but does not show it.
tag-refused = GitLab refuses the tag { $tag }: { $detail }

confirm-own = Nobody confirms their own release. Ask a tester of the project.
confirm-twice = Somebody confirmed this digest a moment ago.
confirm-done-before = { $who } already confirmed this digest, at { $at }.
confirm-other-digest = This release’s digest is { $digest }. You looked at another one.
confirm-not-waiting = This release is not waiting for a confirmation now.
confirm-test-runs-other = { $environment } on { $cluster } does not run this digest now, so it cannot be confirmed. Put the release to test again.

production-not-confirmed = Nobody has confirmed this digest yet. A tester of the project confirms it first.
production-under-way = This release is already going to production.
production-no-place = The project has no containers in this environment yet. Ask for containers there first.
production-busy = { $who } is on its way there. Wait for it to end, or roll back.
production-by-button = Nobody is asked before a release goes to this environment. Start it on the page of the release.
production-no-release = There is no such release in this project.
production-another = A request stays about its own release. File another one for another release.
production-tag = Release
production-digest = Digest
production-commit = Commit
production-change = What changes
production-parameters = Parameters
production-parameters-revision = { $cluster }: revision { $n } ({ $layers })

rollback-never-ran = This image is no way back: it never ran there, or came after what runs there now. What is newer goes there by its release.
rollback-not-confirmed = Nobody stands for this image any more, so it may not go to production.
rollback-not-pullable = The registry no longer has the image { $tag }. Choose another one.
rollout-confirmation-withdrawn = The confirmation was withdrawn before every cluster had the image. Nothing more is rolled out.
rollout-superseded = Another deployment took over before this one was done.

waits-deployment = Waits for the running deployment to end.
waits-other-deployment = Another deployment holds the next cluster; waits for its end.
waits-rollout = { $ready } of { $desired } ready.
deployment-deleted = Somebody deleted the Deployment on { $cluster } ({ $site }) while it was rolling out. Release again to make it anew.
deployment-image-changed = Somebody changed the image on { $cluster } ({ $site }) by hand during the rollout. Release again to put it right.
deployment-no-progress = { $cluster } ({ $site }) made no progress for ten minutes and gives no reason.

trouble-container-config = On { $cluster } ({ $site }) the container cannot be set up: { $detail }
trouble-image-pull = { $cluster } ({ $site }) cannot pull the image ({ $reason }). Check that the registry still has it and that the cluster may read it.
trouble-out-of-memory = On { $cluster } ({ $site }) the container used more memory than its limit and was stopped, { $restarts } restarts. Raise the memory limit or find what holds it.
trouble-crash-loop = On { $cluster } ({ $site }) the process ends by itself with exit code { $exit }, { $restarts } restarts. Its last log lines say why.
trouble-cannot-create = { $cluster } ({ $site }) may not make containers: { $detail }
trouble-unschedulable = No machine of { $cluster } ({ $site }) has room: { $detail }
trouble-probe = On { $cluster } ({ $site }) the process runs but does not answer its health check: { $detail }

releases-title = Releases
releases-lede = A release takes one commit through build and test to production.
releases-filter = In which state
releases-any-state = Any state
releases-show = Show
releases-all = All releases
releases-none-found = No release is in this state
releases-none-found-why = Releases in other states are there.
release-column = Release
release-what = What
release-state = State
release-runs-in = Runs in
release-runs-nowhere = nowhere
release-opened = Opened
release-number = Release { $n }
release-state-requested = Requested
release-state-tagging = Tagging
release-state-building = Building
release-state-deploying_test = Going to test
release-state-awaiting_confirmation = Waits for confirmation
release-state-confirmed = Ready for production
release-state-awaiting_approval = Waits for approval
release-state-deploying_production = Rolling out
release-state-released = In production
release-state-failed = Failed
release-state-rejected = Rejected
release-state-cancelled = Cancelled
release-state-replaced = Replaced
release-state-rolled-back = Rolled back

release-new = New release
release-new-crumb = New
release-new-lede = Choose what to release. Slipway tags it, builds it and puts it to test.
release-source = Source
release-branch = Branch
release-ref = Branch, tag or commit
release-ref-help = What you type here outranks the choice above.
release-note = Note
release-note-help = What changes for users, and what testers should look at.
release-sources-away = There is nothing to choose from until it answers. You can still type a branch, tag or commit.
release-last-commits = Last commits of the default branch
release-follows = What will happen
release-follows-tag = The commit gets a tag with the time and your number.
release-follows-build = One image is built and its digest is read back from the registry.
release-follows-test = The image goes to { $environments } at once.
release-follows-confirm = A tester confirms exactly this digest.
release-follows-production = Then you release the same digest to { $environments }.
release-open = Open release
release-open-help = Production changes only when you press a second button, after a tester has confirmed it.
digest-copy = Copy digest { $digest }
commit-copy = Copy commit { $commit }
pips-of = { $ready } of { $all }
pips-ready = { $ready } of { $all } ready

release-on = on { $reference }
release-opened-by = opened by { $who }
release-about = About this release
release-open-new-instead = Open a new release
release-lede-requested = It is about to be tagged.
release-lede-tagging = GitLab is making its tag.
release-lede-building = Its image is being built; then it goes to test by itself.
release-lede-deploying_test = It is on its way to test.
release-lede-awaiting_confirmation = It runs in { $places }. A tester confirms this digest before it may go to production.
release-lede-confirmed = { $who } confirmed this digest, so it may go to production.
release-lede-awaiting_approval = { $who } confirmed this digest; its way to production waits for approval.
release-lede-deploying_production = It is being rolled out to production, cluster after cluster.
release-lede-released = It runs in { $places }.
release-lede-rejected = { $who } rejected it, so it goes no further.
release-lede-cancelled = { $who } cancelled it before production.
release-lede-replaced = It was in production; something else has taken its place.
release-lede-rolled-back = { $who } rolled production back while this was on its way there. It can be released again.

story-title = What happened
story-by = by { $who }
story-requested = Requested
story-tagged = Tagged
story-tagging = Tagging
story-not-tagged = Not tagged
story-tag-at = { $tag } at { $commit }
story-build = Build
story-built = Built
story-building = Building
story-not-built = Build failed
story-build-number = build { $number }
story-build-stages = { $n ->
    [one] build { $number }, one stage
   *[other] build { $number }, { $n } stages
}
story-artifact = Artifact
story-artifact-size = read back from the registry, { $size }
story-artifact-coming = Reading the image back from the registry
story-no-artifact = No usable image
story-test = Test
story-test-coming = Going to test
story-production = Production
story-production-coming = Rolling out to production
story-deploy-is-run = Rolling out to { $environment }
story-deploy-is-ok = Runs in { $environment }
story-deploy-is-fail = Rollout to { $environment } failed
story-deploy-is-idle = Rollout to { $environment } was overtaken
story-rolled-back = Production was rolled back while this was on its way
story-rollback-is-run = Rolling { $environment } back to this release
story-rollback-is-ok = { $environment } was rolled back to this release
story-rollback-is-fail = Rolling { $environment } back to this release failed
story-rollback-is-idle = Rolling { $environment } back to this release was overtaken
story-parameters-is-run = New parameters are going to { $environment }
story-parameters-is-ok = New parameters in { $environment }
story-parameters-is-fail = New parameters failed in { $environment }
story-parameters-is-idle = New parameters for { $environment } were overtaken
story-restart-is-run = Restarting in { $environment }
story-restart-is-ok = Restarted in { $environment }
story-restart-is-fail = Restart failed in { $environment }
story-restart-is-idle = Restart in { $environment } was overtaken
story-restore-is-run = Restoring what was deployed in { $environment }
story-restore-is-ok = Restored what was deployed in { $environment }
story-restore-is-fail = Restoring { $environment } failed
story-restore-is-idle = Restoring { $environment } was overtaken
story-confirm = Confirmation
story-confirm-now = Waits for a tester
story-confirmed = Confirmed in test
story-confirmed-by = by { $who }, for this digest
story-approval-open = Waits for approval
story-approved = Approved for production
story-approval-refused = Not approved
story-approval-none = Approval was not given
story-asked-by = asked by { $who }
story-decided-by = decided by { $who }

log-title = Log
log-lines = { $n ->
    [one] one line
   *[other] { $n } lines
}
log-whole = Whole log
log-last-lines = Last lines of the build log

deployment-state-pending = About to start
deployment-state-applying = Applying
deployment-state-rolling = Rolling out
deployment-state-succeeded = Done
deployment-state-failed = Failed
deployment-state-aborted = Aborted
deployment-state-superseded = Overtaken
wave-done = { $ready } ready in { $lasted }
wave-starting = Nothing has changed here yet.
wave-next = Not started
wave-empty = nothing
wave-still-runs = Still runs { $tag }
wave-overwrote = { $n ->
    [one] One value that somebody changed by hand was put back.
   *[other] { $n } values that somebody changed by hand were put back.
}

confirm-button = Confirm digest { $digest } as tested
confirm-note = What was tested
confirm-note-help = Your word stands for this digest, and for no other build.
confirm-ask-testers = Only testers of the project may confirm: { $who }.
confirm-no-testers = Only testers of the project may confirm, and it has none yet. Ask one of its owners.

next-ready = Release { $n } is confirmed in test and ready for production
next-confirmed-by = { $who } confirmed this digest. The same image goes to production, cluster after cluster.
next-button = Release { $tag } to production
next-approval = Approval
next-asks-nobody = none is asked for
next-asks-policy = { $n ->
    [one] one approval first, as the policy here asks
   *[other] { $n } approvals first, as the policy here asks
}
next-asks = { $n ->
    [one] one owner or operations person must approve first
   *[other] { $n } owners or operations people must approve first
}

rollback-title = Roll back
rollback-in = Roll back { $environment }
rollback-none = There is nothing to go back to yet.
rollback-from = From
rollback-to = To
rollback-last-ran = Last ran
rollback-effect = Effect
rollback-stops = stops the rollout that is under way
rollback-replaces = replaces what runs now, with today’s parameters
rollback-where = Where
rollback-everywhere = all { $n } clusters
rollback-reason = Reason
rollback-reason-help = Whoever decides reads this, and it stays in the history.
rollback-to-release = Roll back to release { $n }
rollback-to-tag = Roll back to { $tag }
rollback-others = Other releases that ran there
rollback-rule = The registry is asked whether it still has the image before anything changes.

step-confirm = Release { $n } runs in test and waits for a tester
step-confirmed = Release { $n } is confirmed in test and ready for production
step-approval = Release { $n } waits for approval
step-failed = Release { $n } failed
step-moving = Release { $n } is on its way
step-go-confirm = Test and confirm { $tag }
step-go-release = Release { $tag } to production
step-go-look = Look at { $tag }
step-go-why = See why { $tag } failed
step-go-watch = Watch { $tag }
lane-preparing = Being prepared
lane-empty = Waits for a release
lane-runs = Runs
lane-nothing-yet = Nothing runs here yet.
lane-taken-over = Taken over
lane-found-yet = What ran here before was taken over and runs on. The first release replaces it.
lane-ready = Ready
lane-scaling = Autoscaling
lane-range = { $min } to { $max }
lane-fixed = off, { $n } fixed
lane-since = Since
next-again = Release { $n } is still confirmed and can go to production again
release-lede-starting = { $cluster } in { $environment } is about to change.
release-lede-rolling = In { $environment }, { $cluster } has { $ready } of { $all } ready.
release-lede-rolling-after = In { $environment }, { $done } is done and { $cluster } has { $ready } of { $all } ready.
confirm-test-moved-on = Test runs another release now, so this digest cannot be confirmed. Roll test back to this release first, or confirm the newer one.

waits-before = The command before the deployment is running.
before-failed = In { $site }, { $cluster }, the command before the deployment ended with exit code { $exit }, so nothing was replaced.
before-failed-somehow = In { $site }, { $cluster }, the command before the deployment failed, so nothing was replaced.
before-late = In { $site }, { $cluster }, the command before the deployment took longer than it may, so nothing was replaced.
before-gone = In { $site }, { $cluster }, somebody removed the command before the deployment while it ran; whether it did its work is not known.
before-foreign = In { $site }, { $cluster }, there is a Job of that name that Slipway did not make.
before-title = Command before the deployment
before-state-running = running
before-state-succeeded = done
before-state-failed = failed
before-exit = exit code { $code }
