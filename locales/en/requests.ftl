request-kind-unknown = There is no such kind of request.
request-own = Nobody decides on their own request.
request-withdraw-own = Only who filed a request may take it back.
request-moved = What this request would do has changed since it was shown to you. Below is what it would do now: look at it again and decide on that.
request-changed = The request changed after you opened it. Look at it again before you decide.
request-decided-before = You have decided on this request already.
request-reject-says-why = Say why you reject; the author reads it.
request-onboarding-twice = A request for this project is already open or was approved.
request-release-twice = This release is already waiting for a decision.
request-is-open = It is still open.
request-is-approved = { $who } approved it already, at { $at }.
request-is-rejected = { $who } rejected it already, at { $at }.
request-is-withdrawn = Its author has taken it back.
request-is-expired = Nobody decided in time, so it has expired.
request-is-done = { $who } approved it already, at { $at }, and it is done.
request-is-failed = { $who } approved it already, at { $at }, and it failed.
request-title-onboarding = { $subject }: new project
request-title-containers = { $project }: containers in { $environment }
request-title-production = { $project }: release { $subject } to { $environment }
request-number = Request { $n }
request-state-open = Waits for a decision
request-state-stuck = Cannot be carried out
request-state-approved = Approved, under way
request-state-rejected = Rejected
request-state-withdrawn = Withdrawn
request-state-expired = Expired
request-state-done = Done
request-state-failed = Failed
request-lede-open = { $author } asks for this. { $missing ->
    [one] One approval is missing.
   *[other] { $missing } approvals are missing.
}
request-lede-approved = { $who } approved it; Slipway is carrying it out.
request-lede-rejected = { $who } rejected it.
request-lede-withdrawn = { $author } took it back before it was decided.
request-lede-expired = Nobody decided in time. { $author } may file it again.
request-lede-done = { $who } approved it, and it is done.
request-lede-failed = { $who } approved it, but it could not be carried out.
request-filed = filed
request-decided = decided
request-asked = What is asked
request-objects = What would be made
request-objects-count = { $n ->
    [one] one object
   *[other] { $n } objects
}
request-object-lines = { $n } lines
request-decision = Decision
request-voters = Who must decide
request-voters-past = Who decided
request-objects-made = What was made
request-more = Commits, tests and changes of parameters are on its own page
request-now = Right now
now-runs = { $place }: { $ready } of { $n } containers are ready.
now-runs-at = { $place }: { $ready } of { $n } containers are ready, at { $percent } % of the CPU that is promised to them.
now-fewer = { $place }: { $n } containers run, and a yes leaves { $most } at most. The load of the others falls on them.
now-dark = { $place } does not answer, so nothing is known of what runs there.
now-other-image = { $place } runs { $image }, which is not what was deployed: somebody changed it past the portal.
now-other-range = { $place }: its autoscaler goes from { $min } to { $max }, which is not what was deployed: somebody changed it past the portal.
now-other-hand = { $who } has written to the Deployment of { $place } since it was deployed: its drift is on the page of its containers.
production-newer = Release { $n } ({ $tag }) is confirmed as well, and newer than this one.
request-did-approve = approved
request-did-reject = rejected
request-counts-no-longer = which no longer counts
request-yes-gone = This yes no longer counts: the account is disabled.
request-yes-left = This yes no longer counts: its giver is not in the group { $group } any more.
request-yes-no-right = This yes no longer counts: its giver does not hold the right to decide any more.
request-saw = saw
request-asked-for-it = asked for it
request-waits = Waits for { $whom }.
request-asks-handle-requests = { $n ->
    [one] one person from operations
   *[other] { $n } people from operations
}
request-asks-approve-production = { $n ->
    [one] one owner of the project or person from operations
   *[other] { $n } owners of the project or people from operations
}
request-asks-confirm = { $n ->
    [one] one tester of the project
   *[other] { $n } testers of the project
}
request-asks-manage-members = { $n ->
    [one] one owner of the project or administrator
   *[other] { $n } owners of the project or administrators
}
request-asks-group = { $n ->
    [one] one person from the group { $group }
   *[other] { $n } people from the group { $group }
}
request-not-in-group = Only people in the group { $group } decide on this.
request-excluded-builder = You opened this release, and the policy here keeps you from deciding on it.
request-excluded-confirmer = You confirmed this release, and the policy here keeps you from deciding on it.
request-left-out-builder = opened the release and does not decide on it
request-left-out-confirmer = confirmed the release and does not decide on it
request-revise-own = Only its author changes a request.
request-revise = Change this request
request-revise-send = Change request { $n }
request-revise-help = Decisions that were made on it count no longer; who may decide is told.
request-again = Ask again
request-again-help = Starts a new request from what this one held.
request-copy = Start a copy
request-copy-lede = A new request starts from what request { $n } held. It is computed and decided anew.
request-copy-next = It is checked and computed as things are now, and waits for those who may decide.
request-copy-send = Ask again
request-revision-lede = Request { $n } asks for this instead. Its number and what was said about it stay.
request-again-facts = What would be done as things are now
request-again-asked = What you ask for
request-again-gone = What this request was about is not there any more, or not for you to see.
request-note = Why
request-note-help = Whoever decides reads this.
request-stands-for = You decide in the place of { $who }, who is away.
request-did-for = in the place of { $who }
request-revision = Revision { $n }
request-because-moved = brought up to date
request-because-filed = filed
request-because-changed = changed by its author
request-changed-since = Changed since revision { $n }
request-changed-nothing = Nothing that is decided on differs.
request-changed-field = Field
request-changed-from = Was
request-changed-to = Is now
request-changes-more = { $n } more fields differ; the API gives all of them.
request-revision-newest = This is what is decided on.
request-revision-older = As it was then. What is decided on is revision { $n }.
request-revision-undecided = Nobody gave a word on it.
request-asked-then = What was asked
request-objects-then = What would have been made
request-expires = closes itself
request-has-moved = What this request would do has changed since it was filed. Decisions on what was shown before would be refused.
request-stuck = It cannot be carried out as it stands, and no yes would start it. Its author can change it.
request-renew = Bring it up to date
request-said = Comments
request-said-none = Nobody has said anything yet
request-said-none-why = Ask what is unclear; everybody who sees this request reads it.
request-say = Say something
request-say-it = Comment
request-attach = Attach a text
request-attach-name = Name of the text
request-attach-text = The text itself
comment-attachment-size = A text may have at most 64 KiB.
request-your-decision = Your decision
request-your-request = Your request
request-comment = Comment
request-comment-help = Needed to reject. Everybody on this request reads it.
request-approve = Approve request { $n } as shown
request-reject = Reject
request-withdraw = Withdraw request { $n }
request-withdraw-help = Nothing was changed yet, and nothing will be.
request-hash-before = You decide on content
request-hash-after = , exactly what this page shows. If anything in it changes, your decision is refused and you are asked again.
request-last-yes = Yours is the last yes that is needed, so the work starts at once.
request-work = What was started
step-state-ready = about to start
step-state-running = under way
step-state-waiting = waits
step-state-done = done
step-state-failed = failed
step-state-errored = in trouble
step-state-abandoned = given up
step-looks-again = Looks again at
inbox-title = { $n ->
    [0] No request waits for you
    [one] One request waits for you
   *[other] { $n } requests wait for you
}
inbox-lede = A request needs a yes from somebody else than its author.
inbox-filter = Whose requests
inbox-filter-state = In which state
inbox-for-me = For me
inbox-for-mine = Mine
inbox-for-all = All
inbox-any-state = Any state
inbox-open-only = Open
inbox-none-me = Nothing to decide
inbox-none-me-why = What needs your yes stays here until you have decided.
inbox-none-mine = You have asked for nothing
inbox-none-mine-why = Ask for a project under Projects, or for containers on a project’s page.
inbox-none-all = No requests
inbox-none-all-why = Requests of your projects and your own stay here for good.
inbox-request = Request
inbox-state = State
inbox-by = By
inbox-filed = Filed
step-tries-again = tries again
inbox-count-open = { $n } open
request-kind-onboarding = New project
request-kind-containers = Containers
request-kind-production = Release to production
request-kind-resource = Resource
request-kind-retirement = Retire a resource
request-kind-layer = Change of a standard
request-kind-rollback = Rollback
request-kind-membership = Membership
request-kind-parameters = Change of containers
request-kind-scale = Scaling
request-kind-shell = Shell access

draft-keep = Keep as draft
draft-keep-help = For you alone, for 30 days, without the values of secrets. Nothing is checked or asked.
draft-is-yours = This is your draft.
draft-kept = Kept
draft-anew = Start anew
draft-throw-away = Throw away
drafts-title = Your drafts
draft-too-large = Is longer than the { $n } KiB that are kept. Shorten it, or file it as it is.
draft-too-many = You have { $n } drafts, which is as many as are kept. Throw one away on the page of requests, which you may open beside this one, then keep this again.

request-together = Asked together with:
