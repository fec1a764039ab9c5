home-waits = { $n ->
    [0] Nothing waits for you
    [one] One thing waits for you
   *[other] { $n } things wait for you
}
home-lede = What needs your yes, your projects, and what you asked for.
home-waiting = Waiting for me
home-nothing-waits = Nothing to decide
home-nothing-waits-why = What needs your yes stays here until you have decided.
home-asked-by = asked by { $who }
home-review = Review request
home-all-waiting = All that wait for you
home-projects = My projects
home-my-role = I am
home-no-projects = You are a member of no project
home-no-projects-ops = You see all of them under Projects.
home-no-projects-why = Ask the owner of one to take you in.
home-mine = My own requests
home-none-open = None open
home-none-open-why = What you ask for stays here until it is decided.
