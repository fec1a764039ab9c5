home-waits = { $n ->
    [0] Nothing waits for you
    [one] One thing waits for you
   *[other] { $n } things wait for you
}
home-lede = What needs you, what runs where, and what was released last.
home-waiting = Waiting for me
home-nothing-waits = Nothing to do
home-nothing-waits-why = What needs your yes, your test or your button stays here until it is done.
home-asked-by = asked by { $who }
home-review = Review request
home-all-waiting = All that wait for you
home-projects = My projects
home-no-projects = You are a member of no project
home-no-projects-ops = Projects stand here once operations have approved the first one.
home-no-projects-why = Ask the owner of one to take you in.
home-mine = My own requests
home-none-open = None open
home-none-open-why = What you ask for stays here until it is decided.
home-projects-lede = what runs where
home-not-yet = not yet
home-no-place = No containers yet
home-no-release = No release yet
home-latest = Latest releases
home-latest-lede = in projects you can see
home-no-releases = No release yet
home-no-releases-why = The first one stands here as soon as somebody opens it.
home-turn-confirm = { $project } { $tag } waits for your word
home-turn-confirm-why = { $what }, released by { $who }. Test has run it since
home-turn-confirm-go = Look and confirm
home-turn-release = { $project } { $tag } is ready for production
home-turn-release-why = { $what }, released by { $who }. Confirmed
home-turn-release-go = Look and release
home-stuck = { $n ->
    [one] One run needs a hand
   *[other] { $n } runs need a hand
}
