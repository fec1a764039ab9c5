skip-to-content = Skip to content
nav-main = Main
nav-home = Home
nav-projects = Projects
nav-requests = Requests
nav-clusters = Clusters
nav-connections = Connections
nav-audit = Audit
nav-waiting = Wait for your decision
menu = Menu
search = Search
search-label = Search projects and addresses
language-name = English
dark-theme = Dark theme
copied = Copied
live = Live
live-lost = Not connected for {"{"}time{"}"}, trying again
live-outdated = Out of date: load the page again
your-account = your account
sign-out = Sign out

ago-seconds = { $n } s ago
ago-minutes = { $n } min ago
ago-hours = { $n } h ago
ago-days = { $n ->
    [one] 1 day ago
   *[other] { $n } days ago
}
lasted-seconds = { $n } s
lasted-minutes = { $n } min { $rest } s
lasted-hours = { $n } h
lasted-days = { $n ->
    [one] 1 day
   *[other] { $n } days
}

error-title-400 = That cannot be done as written
error-title-401 = Sign in first
error-title-403 = You may not do this
error-title-404 = There is nothing here
error-title-409 = Something changed meanwhile
error-title-413 = Too large
error-title-429 = Slow down a little
error-title-500 = Something broke on our side
error-title-503 = Something does not answer
error-go-home = Back to the start page
error-operation = If you ask operations about this, name the operation
error-unauthorized = Sign in to see this.
error-not-found = Either there is nothing under this address, or it is not yours to see.
error-invalid = Some values need another look.
error-too-many = Too many tries. Try again in { $seconds } s.
error-too-large = What was sent is larger than Slipway takes.
error-internal = This was our fault and is in the log. Trying again may help.
error-cross-site = This request came from another site, so nothing was done. Open Slipway itself and press the button there.
error-database-away = Slipway’s database does not answer. Nothing was done; try again in a few seconds.
error-outside-away = { $system } does not answer. Nothing was done; try again in a moment.
error-outside-denied = { $system } refuses Slipway’s credential. An administrator must mend the connection.
error-outside-not-found = { $system } does not have it.
error-outside-conflict = { $system } says that it is already there.
error-outside-refused = { $system } refuses the request as wrong.
error-outside-unexpected = { $system } gave an answer that Slipway does not understand.

field-required = This is needed.
field-unknown = There is no such field.
field-wrong-type = This has the wrong type.
field-whole-number = A whole number.
field-not-json = The body must be one JSON document, sent as application/json.
query-wrong = A part of the address after the question mark is wrong.
form-wrong = The form was not sent whole. Go back and send it again.
query-limit = A list shows 1 to 200 lines.
form-optional = optional
form-wrong-values = { $n ->
    [one] One value needs another look
   *[other] { $n } values need another look
}
list-older = Older
list-more = More
crumbs = You are here
idempotency-key-wrong = 1 to 100 visible ASCII characters.
idempotency-other = This Idempotency-Key was used for another request within the last day. Choose a new key.
idempotency-running = The request with this Idempotency-Key was carried out, and its answer is not kept. Look at what it made before you send it with a new key.
named-clusters = Clusters
named-component = Component
named-document = Standard
named-env = Variable
named-environment = Environment
named-files = File
named-group = group
named-label = label
named-name = name
named-needed = number of yeses
named-nodes = Node label
named-note = Reason
named-path = path
named-per_cluster = Differences by cluster
named-permission = right
named-project = Project
named-quorum = Line
named-reason = Reason
named-rows = Row
named-ports = Ports
named-scratch = Scratch space
named-secret_value = secret value
named-size = size
named-text = content
named-value = value
named-also = Also in
named-beside = Also component
named-draft = Draft
named-replicas = Containers
named-max = most
named-min = fewest
named-release = Release
