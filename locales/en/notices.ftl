# What people are told.
notice-request-waits = Request { $number } waits for a decision
notice-request-changed = Request { $number } was changed and waits for a decision anew
notice-request-moved = What request { $number } would do has changed; it waits for a decision anew
notice-request-stuck = Request { $number } cannot be carried out as it stands
notice-request-free = Request { $number } can be carried out again and waits for a decision
notice-request-still-waits = Request { $number } still waits for a decision
notice-request-expired = Request { $number } closed itself: nobody decided on it
notice-request-approved = Request { $number } is approved
notice-request-rejected = Request { $number } is rejected
notice-release-awaits-confirmation = { $project }: { $tag } is in test and waits for a tester
notice-release-awaits-approval = { $project }: { $tag } waits for approval to go to production
notice-release-in-production = { $project }: { $tag } is in production
notice-release-failed = { $project }: { $tag } failed
notice-rolled-back = { $project }: { $environment } went back to { $tag }
notice-rollback-failed = { $project }: { $environment } could not go back to { $tag }
notice-rollout-failed = { $project }: { $environment } did not come up again with { $tag }
notice-production-stopped = Production is stopped
notice-production-opened = Production resumes
notice-system-down = { $system } does not work any more
notice-system-up = { $system } works again
notice-typed = { $text }
notice-about = { $what }. { $about }
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
notice-waits-request = Request { $number } waits for a decision: { $subject }
notice-waits-confirmation = { $project }: { $tag } waits for a tester
notice-waits-runs =
    { $n ->
        [one] One run needs a hand
       *[other] { $n } runs need a hand
    }

# The pages.
nav-notices = Notices
notices-lede = Where it is told what happens, and how each of these ways does.
notices-none = Nobody is told anything yet
notices-none-why = Add a mail server or a robot, and press its test button.
notice-new = Add a channel
notice-new-lede = What happens is told there, in its language, with a link. What it needs is sealed and never shown again.
notice-create = Add this channel
notice-save = Save { $key }
notice-channel = Channel
notice-kind = Kind
notice-kind-help = Whose robot it is.
notice-for = For
notice-does = How it does
notice-for-all = Everything
notice-events-n =
    { $n ->
        [one] one sort of news
       *[other] { $n } sorts of news
    }
notice-waiting-n = { $n } waiting
notice-given-up-n = { $n } given up
notice-tries-n = { $n } tries
notice-kind-mail = Mail
notice-kind-webhook = Webhook
notice-kind-dingtalk = DingTalk
notice-kind-wecom = WeCom
notice-kind-feishu = Feishu / Lark
notice-state-fails = Does not get through
notice-state-works = Works
notice-last-taken = Last message taken
notice-state-unused = Never used
notice-delivery-waiting = Waits
notice-delivery-sent = Taken
notice-delivery-given_up = Given up
notice-way = Where to
notice-key = Name
notice-key-help = Lower-case letters, digits and hyphens.
notice-language = Language
notice-language-help = { "" }
notice-projects = Projects
notice-projects-help = Keys with commas between. Empty is all of them, and matters of the platform besides.
notice-server = Mail server
notice-server-help = Its host name, such as smtp.example.com.
notice-port = Port
notice-port-help = 587 with STARTTLS, 465 with TLS from the first byte.
notice-security = Guarded by
notice-security-help = { "" }
notice-security-starttls = STARTTLS
notice-security-starttls-means = The server must offer TLS before anything else is said.
notice-security-tls = TLS
notice-security-tls-means = From the first byte.
notice-security-none = Nothing
notice-security-none-means = In the open, for servers inside that want no password.
notice-user = User
notice-user-help = Empty for a server that wants none.
notice-password = Password
notice-password-help = Kept sealed, for this server and this user alone.
notice-sender = Sender
notice-sender-help = Such as Slipway <slipway@example.com>.
notice-to = To
notice-to-help = One address; a mailing list reaches many.
notice-for-people = People's own mail
notice-for-people-help = What people want to be told themselves goes through this server too.
notice-url-dingtalk = Robot's address
notice-url-dingtalk-help = Starts with https://oapi.dingtalk.com/robot/send?access_token=
notice-url-wecom = Robot's address
notice-url-wecom-help = Starts with https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=
notice-url-feishu = Robot's address
notice-url-feishu-help = Starts with https://open.feishu.cn/open-apis/bot/v2/hook/ or https://open.larksuite.com/
notice-url-webhook = Address
notice-url-webhook-help = It gets a signed POST.
notice-url-robot = Robot's address
notice-url-robot-help = As the chat system shows it when the robot is made. It is a credential and is not shown again.
notice-secret = Secret
notice-secret-help = If the robot was made with signatures.
notice-secret-webhook = Secret
notice-secret-webhook-help = Signs each message; the receiver must know it too.
notice-kept = Kept, version { $version }. Type both anew to change them.
notice-kept-password = Kept, version { $version }. Empty keeps it, unless server or user change.
notice-events = What is told
notice-events-label = Tell when
happening-request-waits = A request waits for a decision
happening-request-decided = A request is decided
happening-release-awaits-confirmation = A release waits for a tester
happening-release-awaits-approval = A release waits for a yes to production
happening-release-in-production = A release is in production
happening-release-failed = A release or a rollout fails
happening-rolled-back = Production is rolled back
happening-production-stopped = Production is stopped
happening-production-opened = Production resumes
happening-system-down = A connection or cluster goes down
happening-system-up = A connection or cluster comes back
notice-digest-legend = What waits, regularly
notice-digest-at = At
notice-digest-at-help = Minute, hour, day, month, weekday: 0 9 * * MON-FRI is nine o'clock on working days. Empty for never; where nothing waits, nothing is said.
notice-time-zone = Time zone
notice-time-zone-help = IANA name, such as Asia/Shanghai.
notice-next-times = next
notice-test-press = Send a test message
notice-tested = Tested
notice-last-try = last try
notice-next-try = next try at
notice-last = Last messages
notice-last-none = No message yet
notice-last-none-why = What happens from now on is told here.
notice-what = What
notice-became = Result
notice-id = Id
notice-again =
    { $n ->
        [one] Send the one given up again
       *[other] Send the { $n } given up again
    }
notice-delete-title = Take it out
notice-delete-lede = What still waits on it is forgotten too.
notice-delete = Take { $key } out
notice-hint = Good to know
notice-hint-mail = Accepted is not delivered: whether somebody reads it, no server tells.
notice-hint-webhook = Header Slipway-Signature is v1= and the HMAC-SHA256, in hex, over time, a full stop and body. A repeat has the same Slipway-Id. The operators' guide has an example.
notice-hint-dingtalk = If the robot asks for a keyword, set it to Slipway: each message begins with it. The robot takes 20 messages a minute; more are merged.
notice-hint-wecom = The robot takes 20 messages a minute, of 2048 bytes each; more are merged.
notice-hint-feishu = If the robot asks for a keyword, set it to Slipway: each message begins with it. More than one message a second is merged.
notice-hint-robot = If the robot asks for a keyword, set it to Slipway: each message begins with it. Bursts are merged.
notice-robots = Robots
notice-robots-lede = Robots in the team's chat that tell what happens in this project.
notice-robots-open = Look at them
notice-robots-none = No robot yet
notice-robots-none-why = Make one in the group of your chat system, and add its address below.
notice-robot-new = Add a robot
notice-robot-add = Add this robot
notice-robot-remove = Remove
my-notices = My notices
my-notices-lede = What you want to be told by mail, of projects that you are in.
my-notices-choose = Choose
my-notices-way = Where to
my-notices-address = Mail address
my-notices-address-help = Yours alone, not a list.
my-notices-password = Your password
my-notices-password-help = Asked only when the address is another one.
my-notices-events = Tell me when
my-notices-quiet = Quiet hours
my-notices-from = From
my-notices-from-help = Such as 22:00. What happens then is told in one mail when they end.
my-notices-to = To
my-notices-to-help = Such as 07:30. Empty for no quiet hours.
my-notices-breaks-through = Failures of production
my-notices-breaks-through-help = Told in quiet hours too.
my-notices-how = What you hear about
my-notices-how-why = You are told of projects that you are a member of, never of what you did yourself. Those with a role on the platform hear of its matters besides.
my-notices-save = Save what I want to be told
my-notices-saved = Saved.
my-notices-no-server = Nothing can reach you yet: operations have set up no mail server for people's own mail.
