request-kind-unknown = There is no such kind of request.
request-own = Nobody decides on their own request.
request-withdraw-own = Only who filed a request may take it back.
request-moved = What this request was computed from has changed since it was filed. Its author must file it again.
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
request-title-parameters = { $project }: parameters in { $environment }
request-title-production = { $project }: release { $subject } to { $environment }
request-number = Request { $n }
request-state-open = Waits for a decision
request-state-approved = Approved, under way
request-state-rejected = Rejected
request-state-withdrawn = Withdrawn
request-state-expired = Expired
request-state-done = Done
request-state-failed = Failed
request-lede-open = { $author } asks for this. { $missing ->
    [one] One yes is missing.
   *[other] { $missing } yeses are missing.
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
request-did-approve = approved
request-did-reject = rejected
request-counts-no-longer = which no longer counts
request-saw = saw
request-asked-for-it = asked for it
request-waits-handle-requests = { $n ->
    [one] Waits for one person from operations.
   *[other] Waits for { $n } people from operations.
}
request-waits-approve-production = { $n ->
    [one] Waits for one owner of the project, or operations.
   *[other] Waits for { $n } owners of the project, or operations.
}
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
