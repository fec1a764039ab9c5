request-kind-removal = Remove containers
request-kind-offboarding = Off-board a project
request-title-removal = { $project }: remove containers
request-title-offboarding = Off-board { $subject }
removal-open = Remove the containers on { $cluster }
removal-title = Remove the containers on { $cluster }
removal-lede = What the portal made in the cluster for this workload goes. The project, its releases and everything on record stay, and the same containers can be asked for again.
removal-asked = Why
removal-why = Reason
removal-why-help = Whoever decides reads this.
removal-ask = Ask for the removal
removal-what-goes = What goes, and what stays
removal-next = Operations are asked. With their yes, the portal removes the autoscaler, the Deployment, its Service and its secrets, and waits until no container is left.
removal-environment = Environment
removal-goes = Removed
removal-stays-what = The project, its history, its recordings, its images and its namespace.
removal-nothing-there = There are no containers of this component in this environment.
removal-not-on-cluster = This component has nothing on { $cluster }.
removal-says-why = Say why it is no longer needed.
removal-being-made = These containers are still being made. Wait until they are, or give that run up first.
removal-under-way = { $who } has a deployment under way here. Wait until it ends, or abort it.
offboarding = Off-boarding
offboarding-about = A service that is no longer needed gives back everything that the portal made for it. Its history stays.
offboarding-open = Off-board this project
offboarding-title = Off-board { $key }
offboarding-lede = The service is switched off everywhere. What was made for it is removed in the reverse order of its making.
offboarding-next = Operations are asked. With their yes nothing new can begin in the project; the containers of every environment go, then the namespaces, then the Jenkins job; the memberships end last.
offboarding-ask = Ask for the off-boarding
offboarding-key = Project key
offboarding-key-help = Type the key once more, so that nobody means another project.
offboarding-key-differs = This is not the project’s key.
offboarding-namespace = Namespace removed, with everything in it
offboarding-job = Jenkins job removed
offboarding-job-stays = Jenkins job kept, because it is older than the project here
offboarding-members = Membership ends
offboarding-members-owner = { $names } as owner
offboarding-members-developer = { $names } as developer
offboarding-members-tester = { $names } as tester
offboarding-members-viewer = { $names } as viewer
offboarding-stays = Stays
offboarding-stays-what = The repository, the images in the registry, releases, requests, recordings and the audit.
offboarding-release-under-way = Release { $n } is on its way. Wait until it is done, or cancel it.
offboarding-resources = { $n ->
    [one] The project still has one resource. Ask for its retirement first.
   *[other] The project still has { $n } resources. Ask for their retirement first.
  }
offboarding-given-up = The off-boarding of the project was given up.
project-leaving = This project is being off-boarded; nothing new can begin in it.
project-has-left = This project was off-boarded. What happened in it is kept here.
workload-leaving = These containers are being removed; nothing new can begin on them.
projects-left = Off-boarded projects
projects-there = Projects of today
projects-none-left = No project was off-boarded yet.
waits-for-pods-end = { $n ->
    [one] Waits for one container to end
   *[other] Waits for { $n } containers to end
  }
waits-for-removals = { $n ->
    [one] Waits for the containers of one workload to be removed
   *[other] Waits for the containers of { $n } workloads to be removed
  }
step-name-removal-objects = Remove the Kubernetes objects
step-name-removal-namespace = Remove the namespace
step-name-offboarding-workloads = Wait for all containers to be removed
step-name-offboarding-jobs = Remove the Jenkins job
run-title-removal = Removal of { $project } from { $environment } on { $cluster }
run-title-offboarding = Off-boarding of { $project }
run-kind-removal = Removal
run-kind-offboarding = Off-boarding
