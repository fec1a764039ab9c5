parameters-min-over-max = The most must be at least the fewest.
parameters-secret-again = Type the secret’s value, also once more after a form was refused: it is never shown again.
parameters-port-twice = Each port has a number and a name of its own. To others in the cluster the first port is already “http” and 80.
parameters-port-name-shape = Up to 15 lower-case letters, digits and single hyphens, with at least one letter, such as metrics.
parameters-env-twice = Two variables have the same name.
parameters-no-schema = Slipway’s own schema is broken.
parameters-cpu-shape = Write cores as 500m, 0.5 or 2.
parameters-memory-shape = Write memory as 512Mi or 2Gi.
parameters-path-shape = A path begins with / and has letters, digits and . _ ~ - / ? = & % only.
parameters-env-name-shape = Letters, digits and underscores, not beginning with a digit, at most 128.
field-minimum = Must be { $limit } or more.
field-maximum = Must be { $limit } or less.
field-one-of = Must be one of: { $options }.
field-too-many = At most { $limit } of these.
field-longer-than = At most { $limit } characters.
field-too-long = This is longer than Slipway takes.
field-wrong = This value cannot be used here.
field-nul = A text cannot hold the character U+0000.
from-own = its own value
from-platform = from the platform
lock-fixed = { $layer ->
    [platform] Locked for every service
    [language] Locked for every { $key } service
    [environment] Locked in { $key }
   *[project] Locked for this project
 }: { $reason }
lock-min = { $layer ->
    [platform] At least { $bound } for every service
    [language] At least { $bound } for every { $key } service
    [environment] At least { $bound } in { $key }
   *[project] At least { $bound } for this project
 }: { $reason }
lock-max = { $layer ->
    [platform] At most { $bound } for every service
    [language] At most { $bound } for every { $key } service
    [environment] At most { $bound } in { $key }
   *[project] At most { $bound } for this project
 }: { $reason }
lock-one-of = { $layer ->
    [platform] One of { $bound } for every service
    [language] One of { $bound } for every { $key } service
    [environment] One of { $bound } in { $key }
   *[project] One of { $bound } for this project
 }: { $reason }
form-env-given = Already there. The same name below says otherwise for this workload.
nav-standards = Standards
standards-lede = What services share. Each layer may say otherwise than those above it, within their locks.
layer = Layer
layer-platform = Platform
layer-language = Language { $key }
layer-environment = Environment { $key }
layer-project = Project { $key }
layer-revision = Revision
layer-revision-n = Revision { $n }
layer-revisions = Revisions
layer-silent = says nothing yet
layer-values = Values
layer-locks = Locks
layer-locks-help = A JSON list. Each has a pointer, a kind (fixed, min, max with a bound, one_of with options) and a reason that people are shown.
layer-reach = Workloads under it
layer-reaches = { $n ->
    [0] No workload stands under it.
    [one] One workload stands under it.
   *[other] { $n } workloads stand under it.
 }
layer-changed = Changed
layer-says-nothing = This layer gives no values.
layer-says-nothing-why = Services under it take those of the layers above.
layer-propose = Propose a change
layer-propose-help = Nothing changes before somebody else of operations says yes. The request shows every workload that would change, field by field.
layer-document = Values from now on
layer-document-help = Some of the deployment parameters, as JSON. What is left out is the upper layers’.
layer-wave-size = Workloads in a wave
layer-wave-size-help = So many are deployed at the same time.
layer-wave-pause = Pause between waves
layer-wave-pause-help = After a wave has ended well. The first failure stops the rest.
layer-note = Why
layer-note-help = What was learnt; kept with the revision.
layer-file = File the change
layer-says-why = Say why the standard changes.
layer-says-the-same = The layer says exactly this already.
layer-of-nothing = There is no such language, environment or project.
layer-breaks-workload = { $project } in { $environment } on { $cluster } would be left without a valid document: { $field }.
layer-shares-host = { $project } in { $environment } on { $cluster } would be at the host and path of another service.
layer-says = Says
layer-affects = Workloads that change
layer-leaves = Workloads that stay as they are
layer-overrules = Overrules
layer-overrules-more = { $n ->
    [one] and one more
   *[other] and { $n } more
}
layer-fields-help = A field that stays empty is left to the layers above and below.
layer-goes-out = How it goes out
layer-as-json = As JSON
layer-unsaid = – says nothing –
layer-from-above = { $from }: { $value }
layer-from-the-start = from the start: { $value }
lock-help = What the layers and services below may not say otherwise.
lock-new = Another lock
lock-pointer = Parameter
lock-pointer-help = Chosen from the list, or written as it stands in the document: /env/JAVA_OPTS, /files.
lock-kind = What holds
lock-kind-help = For everything under this layer.
lock-kind-fixed = nobody below changes it
lock-kind-min = at least
lock-kind-max = at most
lock-kind-one_of = one of
lock-bound = Bound
lock-bound-help = In the unit of its field. Of several, put commas between.
lock-reason = Reason
lock-reason-help = Shown to everybody whom it binds.
lock-fixed-bound = What nobody may change has no bound. Leave this empty, or choose another kind.
lock-pointer-unknown = No parameter is there.
lock-bound-wrong = The parameter cannot have this value.
unit-workloads = workloads
request-title-layer = Standard { $subject }
wave-size-range = 1 to 100 workloads.
wave-pause-range = 0 to 86400 seconds.
wave-pause-seconds = { $n } seconds
waves = Waves
waves-lede = Changed standards on their way to the workloads under them.
waves-none = No standard has changed.
waves-none-why = Once a change is approved, its waves are here.
waves-through = Through
wave-title = { $layer }, revision { $n }
wave-n = Wave { $n }
wave-through = { $through } of { $all } through
wave-pace = { $size } at a time, { $seconds } s between
wave-state-rolling = Rolling out
wave-state-stopped = Stopped
wave-state-done = Done
wave-state-replaced = Replaced
wave-waits-for = Waits for
wave-waits-for-why = It is older, is not through, and is for some of the same workloads; what may be wrong with it is not carried on. Let it go on, or change its standard again.
wave-replaced-why = A newer revision of this standard took its place and brings what was left:
wave-item-waiting = Waiting
wave-item-rolling = Rolling out
wave-item-done = Done
wave-item-failed = Failed
wave-item-kept = Nothing to deploy
wave-resume = Go on with the rest
wave-resume-help = What failed is tried again first.
wave-stop = Stop after what is on its way
wave-stopped-at = Stopped: { $workload } failed. Nothing new begins until somebody goes on.
wave-stopped-by = Stopped by { $who }.
wave-not-stopped = This has not stopped, or a newer revision took its place.
wave-not-rolling = This is not on its way any more.
wave-not-valid = The layers leave this workload without a valid document.
wave-host-taken = Another service was given the host { $host } meanwhile. Choose another one in this service’s own parameters.
wave-nothing-runs = Nothing runs there yet; the first release brings it.
wave-not-confirmed = Nobody has confirmed what runs there; the next release brings it.
waits-wave = Waits for the workloads of this wave
waits-wave-pause = Waits before the next wave
waits-wave-ahead = Waits for an older change of a standard
step-name-wave-advance = Deploy wave after wave
run-title-wave = Waves of a changed standard
run-kind-wave = Waves
parameters-label-twice = Two labels have the same name.
parameters-scales-by-nothing = With room between the fewest and the most, say by what the autoscaler moves: cores or memory.
parameters-mount-shape = A path begins with /, has letters, digits and . _ - only, and leads to no upper folder.
parameters-mount-not-ours = The folders /proc, /sys, /dev and /var/run/secrets belong to the system.
parameters-mount-twice = Two of these paths stand in each other’s way.
parameters-files-too-long = All files together have at most 500,000 bytes.
parameters-stop-over-grace = Kubernetes waits no longer than the time to stop.
parameters-rolls-nowhere = With none more and none fewer nothing could ever be replaced.
parameters-ingress-path-shape = A path begins with / and has letters, digits and . _ ~ - only.
containers-host-taken = Another service on { $cluster } is at { $host }{ $path } already. Choose another host or path, or ask operations whose it is.
parameters-host-shape = Write a host as pay.example.com, in lower case.
parameters-label-shape = Write a label as disk or example.com/disk.
parameters-label-value-shape = Letters, digits and . _ - only, beginning and ending with a letter or digit, at most 63.
parameters-key-shape = Letters, digits and . _ - only, not beginning with a dot.
parameters-object-name-shape = Lower-case letters, digits and - only, as Kubernetes names its objects.
parameters-name-not-yours = This name is kept for the platform.
field-not-with-this-kind = This does not belong to the kind that is chosen.
parameters-help = Deployment parameters
parameters-explained = What each parameter may be
parameters-help-lede = What a service can be given, as the schema has it. The form, the API and every layer of standards follow the same schema.
parameters-may-be = May be
parameters-usual = From the start
parameters-nothing = nothing
parameters-range = { $least } to { $most }
parameters-lines = One argument a line
parameters-word = Text
parameters-with = Only with { $with }
parameters-lists = Lists
parameters-columns = Each item has
parameters-versions = Parameters that were written in an earlier version stay readable. JSON Schema:
parameters-version = version { $n }
parameters-such-as = Such as { $what }
parameters-one-of = { $word }: { $means }
parameters-needed = Always given, by a layer or the service
parameters-programs = For programs
parameters-programs-why = The schema is of the whole document, with what the layers give. A request over the API may leave out what they give, and sends a secret variable as secret_value beside its name. Whoever reads the schema may pass over x-form, which says how the form is drawn.
