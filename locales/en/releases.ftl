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
production-only = A release goes to test by itself; this button is for production.
production-busy = { $who } is on its way there. Wait for it to end, or roll back.
production-by-button = A production release is asked for on the page of the release.
production-tag = Release
production-digest = Digest
production-commit = Commit
production-change = What changes

rollback-never-ran = This image never ran there, so it is not a way back.
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
