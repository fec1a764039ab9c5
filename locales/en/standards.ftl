parameters-min-over-max = The most must be at least the fewest.
parameters-request-over-limit = The limit must be at least what is asked for.
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
