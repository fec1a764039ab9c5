deeds-title = Take back
deed-cancel = Cancel this release
deed-cancel-says = Stops its build and its way to test. The tag stays in Git.
deed-cancel-button = Cancel release { $n }
deed-reject = Reject this release
deed-reject-says = It goes no further. Its author reads your note on the project’s page.
deed-reject-note = What is wrong
deed-reject-button = Reject release { $n }
deed-withdraw = Withdraw the confirmation
deed-withdraw-says = Nobody stands for this digest any more: it may not go to production, and an open question about it is void. What runs stays as it is.
deed-withdraw-button = Withdraw the confirmation of release { $n }
deed-abort = Abort the rollout on { $cluster }
deed-abort-says = Slipway stops driving it. Nothing is rolled back: the cluster keeps what it was told last. To go back, roll back instead; that ends this rollout too.
deed-abort-button = Abort the rollout on { $cluster }
deed-retest = Put it to { $environment } again
deed-retest-says = The same digest takes the place of what runs in test. Then it can be confirmed anew.
deed-retest-button = Put release { $n } to { $environment } again
deed-rebuild = Build again
deed-rebuild-says = Another build of the same tag.
deed-rebuild-button = Build release { $n } again
deed-look-again = Look at the image again
deed-look-again-says = The same image is held against the rules once more.
deed-look-again-button = Look at the image of release { $n } again

setback-says-why = Say why, so that others understand it later.
setback-try-again = It is changing at this very moment. Look again and repeat it.
setback-cancelled-before = { $who } cancelled this release at { $at }.
setback-rejected-before = { $who } rejected this release at { $at }.
setback-rebuilt-before = { $who } started another build at { $at }.
setback-withdrawn-before = { $who } withdrew the confirmation at { $at }.
setback-aborted-before = { $who } aborted this deployment at { $at }.
setback-retested-before = { $who } put it to test again at { $at }.
cancel-production-began = Its way to production has begun, so it cannot be cancelled any more. Abort the deployment or roll back.
cancel-over = This release is over, so there is nothing to cancel.
reject-not-now = Only a release that waits for confirmation or is confirmed can be rejected.
rebuild-under-way = It is being built already.
rebuild-not-failed = Only a release whose build failed after it was tagged can be built again. Open a new release.
rebuild-tag-there = The registry has an image { $tag } already, so it is not built again. Put it to test again, or open a new release.
withdraw-nothing = Nobody stands for this digest, so there is nothing to withdraw.
withdraw-deploying = { $who } has been deploying this digest to production since { $at }. Wait for its end, abort it or roll back; then withdraw.
withdraw-in-use = This digest is being deployed to production right now. Wait for its end, abort it or roll back.
abort-over-succeeded = This deployment succeeded at { $at }, so there is nothing to abort. Roll back instead.
abort-over-failed = This deployment failed at { $at }, so there is nothing to abort.
abort-over-superseded = Another deployment took over at { $at }, so there is nothing to abort.
abort-over-aborted = This deployment was aborted at { $at }.
retest-no-image = It has no image yet, so there is nothing to put to test.
retest-not-now = It is on its way to test, or cannot go there in its state.
retest-cancelled = A cancelled release goes no further. Open a new release of the same commit.
retest-under-way = { $who } put it on its way to test at { $at }.
rollout-aborted = { $who } aborted the rollout to { $environment } on { $cluster }. The cluster keeps what it was told last.
step-overtaken = Given up because { $who } decided otherwise.
waits-build-stop = Waits for Jenkins to end the build.

story-build-stopped = Build stopped
story-approval-void = The question was void before it was answered
story-withdrawn = Confirmation withdrawn
story-rejected = Rejected
story-cancelled = Cancelled
release-why = { $who }: { $note }
wave-aborted-by = Aborted by { $who }.
wave-aborted-because = Aborted by { $who }: { $note }
wave-aborted-applied = { $cluster } was told to run this image and goes on with that by itself. Roll back to undo it.
wave-aborted-before = As far as we know { $cluster } was not told to run this image yet; it keeps what it ran.
request-is-void = What it was about was taken back, so there is nothing to decide any more.
request-state-void = Void

may-not-reject-release = Only testers and owners of the project may reject a release.
may-not-withdraw-confirmation = Only the one who confirmed, and operations, may withdraw a confirmation.
may-not-restart-in-test = Only owners and developers of the project, and operations, may restart it or restore its fields in test.
may-not-restart-in-production = Only owners of the project and operations may restart it or restore its fields in production.
may-not-edit-project = Only owners of the project and operations may change its settings.

restart-title = Restart on { $cluster }
restart-says = Every container is replaced by a new one of the same image and parameters, a few at a time. The service stays reachable.
restart-button = Restart on { $cluster }
restart-nothing = Nothing runs there yet, so there is nothing to restart.
restart-busy = { $who } has been bringing something there since { $at }. Wait for its end, or abort it.
restart-not-confirmed = Nobody stands for the image that runs there any more, so it may not be deployed again. Roll back or release a confirmed one.

project-tab-settings = Settings
settings-lede = What this project may do differently from others, and what it is bound to.
settings-saved = Saved.
settings-policy = Policy
settings-own = Confirming one’s own release
settings-own-no = Somebody else confirms
settings-own-no-means = A release’s author never confirms it. Two people have looked at everything in production.
settings-own-yes = Authors may confirm
settings-own-yes-means = A tester may confirm a release that they opened themselves. For teams of one.
settings-save = Save the settings of { $key }
settings-about = What it is bound to
settings-repository = Repository
settings-language = Language
settings-branch = Default branch

brings-since = { $n ->
    [one] Since release { $base } · one commit
   *[other] Since release { $base } · { $n } commits
}
brings-first = The first release with an image
brings-more = and { $n } more
brings-compare = Compare with release { $base }
brings-nothing = It has no commit that release { $base } has not.
brings-look = Look up what is chosen
release-tags = Or one of the newest tags
release-built = Release { $n } has built this commit
release-built-means = Its image can be put to test again, which takes a minute and changes no digest. Opening a new release builds another image of the same commit.
release-built-before = Release { $n } has built this commit already. Put its image to test again, or press once more to build another.
next-commits = Commits
next-commits-by = { $n ->
    [one] one since release { $base } by { $who }
   *[other] { $n } since release { $base } by { $who }
}
next-commits-unknown = not known
next-image = Image
next-parameters = Parameters
next-parameters-same = unchanged
next-parameters-new = { $cluster }: revision { $from } → { $to }
next-parameters-first = revision { $to } for the first time

proof-title = Evidence
proof-holds = last events, last log lines, exit code
proof-event = Event
proof-says = What the cluster says
proof-at = Last seen
proof-log = Last lines of the container’s log
proof-exit = ended with exit code { $code }
proof-mend = The field to look at: { $field }

waits-executor-free = No build machine is free right now; it is next.
waits-in-line = No build machine is free; { $n ->
    [one] one build is
   *[other] { $n } builds are
} ahead of it.
waits-no-machine = Jenkins has no build machine with the label “{ $label }”. Operations must add one; then the build begins by itself.
waits-machines-offline = All build machines with the label “{ $label }” are offline. Operations must bring one back; then the build begins by itself.
waits-jenkins-stops = Jenkins is about to restart and begins nothing new. The build begins afterwards.
waits-jenkins-starts = Jenkins is restarting. The build is looked for as soon as it is up.
log-download = Download
log-of-release = Build log of release { $n }
log-growing = still being written
log-follow = Follow the end
log-before = Earlier lines
log-search = Search in the log
log-find = Search
log-empty = Nothing was written yet
log-none-found = No line holds “{ $q }”
step-name-release-stop = Stop the build in Jenkins
next-commits-first = the first release, nothing to compare with
failed-overtaken = Something else was rolled back to there meanwhile.
