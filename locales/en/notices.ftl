# What people are told.
notice-request-waits = Request { $number } waits for a decision: { $subject }
notice-request-approved = Request { $number } is approved: { $subject }
notice-request-rejected = Request { $number } is rejected: { $subject }
notice-release-awaits-confirmation = { $project }: { $tag } is in test and waits for a tester's word
notice-release-awaits-approval = { $project }: { $tag } waits for a yes to go to production
notice-release-in-production = { $project }: { $tag } is in production
notice-release-failed = { $project }: { $tag } failed
notice-rolled-back = { $project }: { $environment } went back to { $tag }
notice-rollback-failed = { $project }: { $environment } could not go back to { $tag }
notice-rollout-failed = { $project }: { $environment } did not come up again with { $tag }
notice-production-stopped = Production is stopped
notice-production-opened = Production moves again
notice-system-down = { $system } does not work any more
notice-system-up = { $system } works again
notice-typed = { $text }
notice-why = Why: { $text }
notice-who = Who: { $text }
notice-many = { $n } messages
notice-more = … and { $n } more: { $link }
notice-digest =
    { $n ->
        [one] One thing waits
       *[other] { $n } things wait
    }
notice-test = A test: this channel works
notice-test-by = { $who } pressed the test button.

# What can come of a message.
notice-test-sent = The other side took the test message.
notice-error-nowhere = It has no address any more, or there is no mail server for people's own mail.
notice-error-away = There was no answer: { $said }
notice-error-denied = The other side does not know us, or its certificate does not fit: { $said }
notice-error-refused = The other side refused the message: { $said }
notice-error-unexpected = The other side answered something that cannot be understood: { $said }
notice-error-signature = The robot says that the signature does not fit ({ $code }: { $said }). Give the channel the robot's secret again, and look at the clock of this machine.
notice-error-keyword = The robot wants a keyword in every message ({ $code }: { $said }). Set its keyword to Slipway.
notice-error-address = The robot does not listen to the address that this machine calls from ({ $code }: { $said }).
notice-error-token = The robot is not there any more, or its address is wrong ({ $code }: { $said }).
notice-error-too-fast = The robot says that too much came at once ({ $code }: { $said }). It is tried again later.
notice-error-robot-away = The robot has trouble of its own ({ $code }: { $said }).
notice-error-robot = The robot refused the message ({ $code }: { $said }).
notice-none-given-up = No message was given up on this channel.

# What a form says.
may-not-manage-notices = Only operations and administrators may change who is told what.
notice-server-grammar = A server is a host name or an address, without a port.
notice-port-grammar = A port is a number from 1 to 65535; usual are 465 and 587.
notice-password-in-the-open = A password is sent only inside of TLS. Choose TLS, or leave the user empty.
notice-url-again = Whoever changes the secret gives the address again too: it is not shown, so nobody could see that they belong together.
notice-project-unknown = One of these projects does not exist.
notice-one-for-people = Another channel carries people's own mail already.
notice-robots-only = A project may add robots of DingTalk, WeCom and Feishu; mail and webhooks are operations'.
mail-address-grammar = Write a mail address, such as team@example.com or Team <team@example.com>.
time-zone-unknown = This is no time zone. Write its IANA name, such as Asia/Shanghai or Europe/Berlin.
time-of-day-grammar = Write a time of day, such as 22:00.
cron-unreadable = This is no time that ever comes. Write minute, hour, day, month and weekday, such as 0 9 * * MON-FRI.
cron-daily = Every day at { $time }
cron-weekdays = Monday to Friday at { $time }
cron-expression = Whenever { $expression } says
