# Shells in containers, and what they showed.

may-not-open-terminal-in-test = Only owners and developers of the project, and operations, may open a terminal in test.
may-not-open-terminal-in-production = Only owners of the project, and operations, may open a terminal in production.
may-not-view-recordings = Only owners of the project, operations and auditors may see what others did in a terminal.

terminal-name-wrong = This is no name of a pod or a container.
terminal-reason-needed = Say why: production is where customers are served.
terminal-not-running = This container does not run right now.
terminal-not-yours = This terminal is somebody else’s, and you were not let in. Open one of your own.
terminal-guest-unknown = Nobody of this name can be let in. Write the name that they sign in with.
terminal-guest-may-not-look = They may not see what happens in this project’s terminals. Owners of the project, operations and auditors may.
terminal-guest-may-not-type = They may look, but not type: they have no right to open a terminal here.
terminal-guest-there = { $person } is in it already. One guest at a time; put them out first.
terminal-guest-there-already = Somebody is in it already. One guest at a time; put them out first.
terminal-guest-none = Nobody was let into this terminal.
terminal-guest-lapsed = The guest may no longer be there.
terminal-not-begun = This terminal’s shell has not begun yet. Its owner comes first.
terminal-elsewhere = The process of the portal that holds this shell does not answer. If it has died, this is known within half a minute; then open a new one.
terminal-too-many-mine = You have { $n } terminals open, and no more are allowed at once. End one first.
terminal-too-many = { $n } terminals are open, and no more are allowed at once. Try again when one has ended.
terminal-no-websocket = A terminal is a WebSocket.
debug-images-none = Operations allow no image for debug containers here. They can, by the setting SLIPWAY_DEBUG_IMAGES.
debug-image-unknown = This is no image that operations allow for debug containers. Choose one of theirs.
debug-too-many = { $n } debug containers were put into this pod already, and they stay with it. Restart it, or choose another pod.
terminal-over = This terminal is over: { $ending ->
    [exited] its shell ended by itself.
    [killed] its process was killed, or its pod was taken away.
    [no-shell] the container has no shell.
    [gone] the pod is no longer there.
    [pod-replaced] the pod was replaced or taken away while the shell was open.
    [unreachable] the cluster did not answer.
    [failed] the cluster could not start the shell.
    [lost] the connection to the cluster broke.
    [closed] somebody ended it.
    [idle] nobody typed for too long.
    [too-long] it was open as long as it may be.
    [abandoned] nobody came back to it in time.
    [unused] nobody ever came to it.
    [signed-out] you signed out, or your session ended.
    [right-lost] you no longer may be in it.
    [right-unknown] nobody could find out who still may be in it.
    [no-recorder] what it shows could not be recorded.
    [portal-stopped] the portal was stopped.
    [debug-no-image] the debug container’s image could not be pulled. Operations can see why, or allow another one.
    [debug-not-started] the debug container did not run within a minute, or ended at once.
    [debug-refused] the cluster refused the debug container: the portal lacks the right to it, or a policy of the cluster forbids it.
   *[portal-lost] the portal’s process was lost.
}

ending-exited = Exited
ending-killed = Killed
ending-no-shell = No shell
ending-gone = Pod was gone
ending-pod-replaced = Pod replaced
ending-unreachable = Cluster did not answer
ending-failed = Could not start
ending-lost = Cluster lost
ending-closed = Ended by hand
ending-idle = Idle too long
ending-too-long = Time was up
ending-abandoned = Abandoned
ending-unused = Never used
ending-signed-out = Signed out
ending-right-lost = Right was lost
ending-right-unknown = Rights unknown
ending-no-recorder = Not recordable
ending-portal-stopped = Portal stopped
ending-portal-lost = Portal lost
ending-debug-no-image = Debug image not pulled
ending-debug-not-started = Debug container did not start
ending-debug-refused = Debug container refused

terminal-open = Open
terminal-new = Terminal in { $pod }
terminal-new-lede = A shell in this container, in your browser. It goes on when your connection does not.
terminal-where = Site and cluster
terminal-namespace = Namespace
terminal-reason = Reason
terminal-recorded = What is shown is recorded; what you type is not.
terminal-recorded-strictly = What is shown is recorded; what you type is not. When it cannot be recorded, the shell ends.
terminal-limits = It ends after { $minutes } min at the latest, or { $idle } min after the last key. You have { $mine } of { $each } open; { $all } of { $in_all } are open in all.
terminal-open-in = Open the terminal in { $environment }
terminal-title = Terminal of { $pod }
terminal-back = Back to the containers of { $project }
terminal-recording = Recording
terminal-ends-at = Ends at
terminal-smaller = Smaller letters
terminal-larger = Larger letters
terminal-find = Find in the terminal
terminal-find-next = Find the next
terminal-find-previous = Find the one before
terminal-found-nothing = Not found
terminal-find-close = Close the search
terminal-end = End
terminal-end-this = End this terminal
terminal-open-ones = Open terminals
terminal-open-another = Open another container
terminal-try-now = Try now
terminal-see-recording = See the recording
terminal-open-new = Open a new one
terminal-needs-script = A terminal needs JavaScript.
terminal-because = Reason: { $reason }
terminal-keys = Copy: select, Ctrl+Shift+C · Paste: Ctrl+Shift+V · Search: Ctrl+Shift+F
terminal-paste = Paste
terminal-paste-not = Do not paste
terminal-says-starting = Connecting to the container.
terminal-says-lost = Connection lost %1 ago. Your shell keeps running for another %2 at least, and its output is kept. Trying again in %3.
terminal-says-refused = This terminal cannot be entered.
terminal-says-replaced = This terminal was opened on another page, and goes on there.
terminal-says-not-taken = The shell does not keep up: %1 bytes of what you pasted were not taken.
terminal-says-skipped = %1 bytes were passed over here; the recording accounts for them.
terminal-says-idle-soon = Nobody has typed for long. The shell ends in %1 s unless you press a key.
terminal-says-left = %1 left
terminal-says-paste = Paste these %1 lines? They may run at once.
terminal-says-size = %1 × %2
terminal-says-lost-long = Connection lost %1 ago. For so long the shell may have been ended. Trying again in %2.
terminal-says-away = Connection lost %1 ago. Trying again in %2.
terminal-says-minutes = %1 min
terminal-says-seconds = %1 s
terminal-says-paste-line = Paste this line? It may run at once.
terminal-says-paste-text = Paste this?
terminal-says-paste-controls = Control characters in it: %1. They could make it do something else than it seems to. They are shown here, and are taken out of what is pasted.
terminal-says-paste-more = Characters that are not shown here: %1
terminal-says-paste-refused = The browser does not let this page read the clipboard. Paste with Ctrl+Shift+V, or with what the browser or the keyboard offers.
terminal-says-paste-nothing = There is no text on the clipboard.
terminal-says-copied = Copied.
terminal-says-copied-screen = Nothing is selected: copied what is on the screen.
terminal-says-copied-not = The browser does not let this page write to the clipboard. Copy with Ctrl+Shift+C, or with what the browser offers.
terminal-copy = Copy
terminal-copy-what = Copy what is selected, or what is on the screen
terminal-own-tab = Opens in a browser tab of its own, so that this terminal stays connected
terminal-keys-bar = Keys
terminal-key-escape = Escape
terminal-key-tab = Tab
terminal-key-control = Ctrl, with the next key
terminal-key-left = Arrow left
terminal-key-up = Arrow up
terminal-key-down = Arrow down
terminal-key-right = Arrow right
terminal-people = Who is in this terminal
terminal-alone = Nobody else is in it. One more person can watch, who may see this project’s terminals; they come by the address of this page.
terminal-person = Sign-in name
terminal-invite = Let in
terminal-give = Hand over the keyboard
terminal-take = Take the keyboard back
terminal-put-out = Put out
terminal-leave = Leave
terminal-people-close = Close
home-invited = { $project }: { $who } lets you look at a terminal
terminal-watch = Watch
terminal-says-alone = Nobody else is in it. One more person can watch, who may see this project’s terminals; they come by the address of this page.
terminal-says-invited = %1 was let in, and comes by the address of this page
terminal-says-watches = %1 is watching
terminal-says-types = %1 has the keyboard
terminal-says-you-watch = You are watching %1
terminal-says-you-type = %1 gave you the keyboard
terminal-says-dismissed = You are no longer in this terminal.
debug-container = Debug container
debug-beside = beside { $target }
debug-image = Image of the debug container
debug-open = Open with a debug container
debug-fold = The image has no shell?
debug-without = No debug container
debug-lede = The shell can run in a debug container, which is put beside this one in the same pod.
debug-offer = This image has no shell. A shell can run in a debug container, which is put beside it in the same pod.
debug-stays = It ends by itself, and stays listed in the pod for as long as the pod is there.
terminal-says-debug-starting = The debug container is being started; its image may have to be pulled first.
terminal-row = Terminal

nav-recordings = Recordings
recordings-lede = What was shown in terminals: who opened one, where, and how it ended.
recordings-filter = Narrow the list
recordings-state = State
recordings-any-state = Any state
recordings-length = Length
recordings-none = There is no recording here.
recordings-none-why = Every terminal is recorded from its first line on.
recording-title = Recording of { $pod }
recording-open-lede = This terminal is still open; its recording ends where it was a second ago.
recording-download = Download (asciicast)
recording-exit-code = Exit code
recording-proof = SHA-256 of its output
replay-title = Replay
replay-never-typed = What was typed is not recorded.
replay-needs-script = A replay needs JavaScript; the recording can be downloaded.
replay-play = Play
replay-pause = Pause
replay-seek = Position
replay-speed = Speed
replay-skip = Skip pauses
replay-search = Search what was on the screen
replay-hits = Matches
replay-found = Matches: %1
replay-found-more = The first %1 matches
replay-found-none = This was never on the screen.
replay-mark-attached = The page of its owner came.
replay-mark-left = The page of its owner was lost.
replay-mark-passed-over = A flood was broken off; the owner was shown only its end.
replay-mark-guest-came = %1 came to watch.
replay-mark-guest-left = %1 went.
replay-mark-keyboard-given = %1 was handed the keyboard.
replay-mark-keyboard-taken = The keyboard was taken back from %1.
replay-mark-recorder-away = It could not be recorded for a while.
replay-mark-omitted = Not kept: %1
replay-failed = The recording could not be loaded. Reload the page, or download it.
replay-nothing = Nothing was shown.

may-not-move-files-in-test = Only owners and developers of the project, and operations, may move files in test.
may-not-move-files-in-production = Only owners of the project, and operations, may move files in production.

file-path-relative = Write the whole path, from / on.
file-path-odd = A path has no . or .. and no control characters in it.
file-path-folder = Name the file, not only its folder.
file-is-folder = This is a folder. Pack it in the terminal first (tar czf /tmp/x.tgz …), or name a file in it.
file-is-link = This is a link, which is not followed. Name the file that it leads to.
file-is-special = This is no ordinary file.
file-no-archive = What the container’s tar sent is no archive.
file-no-tar = This container has no tar, which it takes to move files.
file-no-length = Say how long the file is.
file-container-refused = The container would not: { $complaint }
file-too-big = This file has { $size } MiB; { $most } MiB is the most.
file-too-many = As many files are on their way as may be at once. Try again in a moment.
file-too-many-mine = You are moving { $n } files already. Wait until one of them has arrived.
file-lost = The connection to the container was lost.
file-refused = The container would not, or it was no file that can be moved
file-broken-off = The file was broken off before its end
file-failed = The file was not had whole

terminal-files = Files
terminal-files-lede = One file at a time, up to { $most } MiB. Each is on record with its size and hash.
terminal-file-path = Path in the container
terminal-file-local = File on this device
terminal-file-get = Download
terminal-file-put = Upload
terminal-says-file-coming = %1 of %2
terminal-says-file-came = %1 was downloaded.
terminal-says-file-there = %1 is there now, whole. SHA-256: %2
terminal-says-file-broke = The file was broken off before its end. Try again.
recording-files = Files
recording-file-way = Way
recording-file-size = Size
recording-file-way-in = Into the container
recording-file-way-out = Out of the container
recording-file-outcome-done = Whole
recording-file-outcome-refused = Refused
recording-file-outcome-broken-off = Broken off
recording-file-outcome-failed = Failed
recording-file-under-way = Not ended
recording-gone = What was on the screen is no longer kept: recordings stay { $days } days.

shell-access = Shell access
shell-access-needed = Shells in this environment are given for a while: ask for one with a reason, and open it when somebody has said yes.
shell-access-link = Shell access: who has it for a while, and how to ask for it
shell-access-lede = A shell for some hours, for whoever needs one and has no right to it by their role, or where every shell takes a yes. It ends by itself, and terminals close with it.
shell-access-given = Given for a while
shell-access-none = Nobody has a shell for a while here.
shell-access-none-why = Whoever asks below gets one when somebody has said yes.
shell-access-ask = What is asked for
shell-access-environment = Environment
shell-access-environment-help = Where the shell is needed.
shell-access-hours = For how long
shell-access-hours-help = From the yes on.
shell-access-n-hours = { $n ->
    [one] 1 hour
   *[other] { $n } hours
}
shell-access-hours-one-of = Choose one of the lengths: 1, 2, 4, 8, 24 or 72 hours.
shell-access-files = Files
shell-access-files-help = Move files in and out as well
shell-access-with-files = With files
shell-access-without-files = Without files
shell-access-reason = Why it is needed
shell-access-reason-help = Whoever decides reads it, and so does the audit.
shell-access-no-environment = There is no such environment.
shell-access-request = Request
shell-access-request-n = Request { $n }
shell-access-until = Until
shell-access-counts = Counts now,
shell-access-over = Over since
shell-access-ended-by = Ended by { $who }
shell-access-end = End
shell-access-next = Somebody else says yes or no. The hours begin with the yes; every terminal that is opened is recorded.
shell-access-decides = An owner of the project, or operations, unless a policy asks others. Never who asked.
shell-access-send = Ask for a shell
request-title-shell = { $project }: a shell in { $subject }
