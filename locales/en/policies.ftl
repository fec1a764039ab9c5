# Whose yes requests need, groups of people, absences.
nav-policies = Policies
policies-lede = Whose approval a kind of request needs, where it differs from what the kind itself asks for. The narrowest one counts.
policies-none = No policy yet
policies-none-why = Each kind of request asks for what it names itself: one person from operations, and for production what the environment says.
policy-new = Add a policy
policy-create = Add this policy
policy-save = Save this policy
policy-delete = Delete this policy
policy-delete-means = Requests that are filed from now on follow the wider policy, or what their kind asks for. Open requests keep what they were filed under.
policy-kind = Kind of request
policy-kind-help = What is asked for.
policy-place = Where it counts
policy-environment = Environment
policy-environment-help = An environment’s key; empty for all of them.
policy-project = Project
policy-project-help = A project’s key; empty for all of them.
policy-any-project = every project
policy-any-environment = every environment
policy-whom = Who approves
policy-who = People
policy-who-help = A person who belongs to several of these counts for each.
policy-who-nobody = Nobody more
policy-who-handle-requests = Operations
policy-who-approve-production = Owners of the project, or operations
policy-who-confirm = Testers of the project
policy-who-manage-members = Owners of the project, or administrators
policy-who-group = Group { $group }
policy-needed = How many
policy-needed-help = 1 to 9 of them.
policy-rest = Limits
policy-excludes-builder = Not whoever opened the release
policy-excludes-builder-help = Who opened the release does not decide on it.
policy-excludes-confirmer = Not whoever confirmed it
policy-excludes-confirmer-help = Who confirmed the release in test does not decide on it.
policy-excludes-nobody = Nobody builds or confirms what this kind of request is about, so nobody can be left out.
policy-without-builder = not whoever opened the release
policy-without-confirmer = not whoever confirmed it
policy-expires = Closes itself after
policy-expires-hours = Closes itself after, in hours
policy-expires-hours-help = A request that nobody decides on by then is closed.
policy-reminds = Reminds every
policy-remind-hours = Reminds every so many hours
policy-remind-hours-help = Those who may decide are told again.
policy-note = Why
policy-note-help = Everybody who sees this policy reads it.
policy-says-why = Say why, in at most 2000 characters.
policy-hours-range = From 1 hour to { $max } hours.
policy-asks-somebody = Ask one to six groups of people.
policy-right-or-group = Choose a right that decides, or a group.
policy-needed-range = 1 to 9 people.
policy-asked-twice = These people are asked already.
policy-place-stays = A policy’s kind and place stay; delete it and make another.
policy-place-taken = There is a policy for this kind in this place. Change that one.
policy-no-environment = There is no such environment.
policy-no-project = There is no such project.
policy-preview = What would happen
policy-preview-show = Show
policy-source = Comes from
policy-source-policy = a policy
policy-source-usual = the kind itself
policy-nobody = nobody
policy-and-others = { $n ->
    [one] and one more
   *[other] and { $n } more
}
policy-too-few = There are fewer people than are asked for; nothing could be approved.
policy-tight = { $n ->
    [one] If { $who } asks, nobody else can say yes.
   *[other] If one of { $who } asks, too few are left to say yes.
}
policy-left-out = Left out
policy-days = { $n ->
    [one] 1 day
   *[other] { $n } days
}
policy-hours = { $n ->
    [one] 1 hour
   *[other] { $n } hours
}
groups = Groups
group = Group
groups-lede = People who decide together. A policy names a group and how many of it must approve.
groups-none = No group yet
groups-none-why = Make one for people whose approval is needed, such as those who answer for the databases.
group-new = Add a group
group-create = Add this group
group-save = Save { $key }
group-delete = Delete { $key }
group-delete-means = Only a group that no policy and no request names can be deleted.
group-key = Key
group-key-help = Small letters, digits and hyphens, beginning with a letter. It never changes.
group-name = What it is for
group-name-help = At most 80 characters.
group-members = Members
group-members-help = User ids, one on each line.
group-empty = nobody
group-key-grammar = Small letters, digits and hyphens, beginning with a letter, at most 39 characters; not “new”.
group-key-taken = There is a group of this key.
group-key-stays = A group’s key never changes.
group-member-unknown = Nobody has the user id { $user }.
group-unknown = There is no such group.
group-in-use = A policy or a request names this group. Take it out of the policies first; a group that decided once stays.
delegation-title = While I am away
delegation-lede = Somebody decides on requests in your place. Everything shows that they did it for you.
delegation-choose = Choose who stands in
delegation-all = Absences
delegation-none = Nobody stands in for you, nor you for anybody
delegation-none-why = Choose a deputy before you go, so that requests do not wait for you.
delegation-person = Who is away
delegation-deputy = Who stands in
delegation-deputy-help = User id of a person you trust to decide for you.
delegation-new = I will be away
delegation-begins = First day
delegation-begins-help = Empty for from now on. Days are in UTC.
delegation-ends = Last day
delegation-ends-help = At most 90 days later.
delegation-from = From
delegation-until = Until
delegation-begin = Let them decide for me
delegation-end = End it
delegation-back = I am back
delegation-decline = Stop standing in
delegation-oneself = Choose somebody other than yourself.
delegation-over = Choose an end that is later than the beginning, and not over.
delegation-too-long = At most { $days } days.
