short-key-grammar = Lower-case letters and digits, beginning with a letter, at most 15.
cluster-registry-host = The registry as nodes write it before an image: a host with a dot or a port, such as registry.example:5000.
cluster-key-stays = A cluster keeps its name. Register another one instead.
environment-approvals-range = A whole number from 0 to { $max }.
environment-rank-range = A whole number from 0 to { $max }.
environment-no-cluster = Choose at least one cluster.
environment-many-clusters = At most { $max } clusters.
environment-cluster-unknown = There is no cluster { $key }.
environment-cluster-twice = A cluster stands in it twice.
language-no-jenkins = Choose a connection that is a Jenkins.
language-template-grammar = The full name of a job in Jenkins, folders joined by slashes, such as templates/java.

test-cluster-good = Answers as { $version }, and gives all rights that are needed
test-cluster-lacks = { $n ->
    [one] Answers as { $version }, but one right is missing
   *[other] Answers as { $version }, but { $n } rights are missing
}
cluster-right-missing = { $resource }: may not { $verbs }

kubeconfig_too_long = Longer than 64 KiB. Leave only the context that Slipway shall use.
kubeconfig_malformed = This is not a kubeconfig.
kubeconfig_ambiguous_context = It has several contexts and none is current. Set current-context.
kubeconfig_defined_twice = The { $kind } “{ $name }” is defined twice.
kubeconfig_not_defined = The { $kind } “{ $name }” is not defined.
kubeconfig_exec = It runs a command (exec) for its credential. Slipway runs none: use a service account’s token.
kubeconfig_auth_provider = It uses an auth-provider plugin. Use a service account’s token.
kubeconfig_file_path = { $field } names a file on your machine. Put the content itself in, as { $field }-data.
kubeconfig_insecure_tls = It does not check the server’s certificate. Put the authority in as certificate-authority-data.
kubeconfig_proxy = It goes through a proxy, which Slipway does not use.
kubeconfig_unsupported_field = Slipway does not support the field { $field }.
kubeconfig_bad_field = The field { $field } cannot be read.
kubeconfig_bad_server = The server’s address must be https.
kubeconfig_no_credential = It holds no credential for its context.

clusters-lede = Where containers run, and what each cluster last answered.
clusters-none = No cluster is registered yet
clusters-none-first = Register a cluster first. Environments are made of clusters, and projects run in environments.
cluster = Cluster
cluster-new = Register a cluster
cluster-new-lede = Slipway calls it with the kubeconfig that you give it.
cluster-create = Register this cluster
cluster-next-lede = Nothing is called yet. On its page, the button “Test the cluster” asks its version and which rights are missing.
cluster-key = Name
cluster-key-help = It stays: requests and the API know the cluster by it.
cluster-site = Site
cluster-site-help = The data centre that it stands in, such as shanghai.
cluster-server = Server
cluster-kubeconfig = Kubeconfig
cluster-kubeconfig-help = The whole file, with a service account’s token or certificates inline. It is stored encrypted and never shown again.
cluster-kubeconfig-keep = It is set. Leave this empty to keep it.
cluster-registry = Registry for its nodes
cluster-registry-short = Registry
cluster-registry-help = The image registry as this cluster’s nodes reach it, such as registry.example:5000.
cluster-namespaces = Namespaces
cluster-makes-namespaces = Slipway makes namespaces
cluster-makes-namespaces-help = If not, somebody else makes them and gives Slipway rights in each.
cluster-namespaces-ours = Slipway makes them
cluster-namespaces-given = They are made by others
cluster-environments = Serves
cluster-serves-none = no environment yet
cluster-test = Test the cluster
cluster-save = Save { $key }

environments = Environments
environments-lede = in the order in which a release goes through them
environments-none = No environment yet
environments-none-first = Register a cluster, then make the environments test and prod of your clusters.
environment = Environment
environment-new = Add an environment
environment-new-lede = A place for every project’s containers, on one cluster or on several.
environment-create = Add this environment
environment-key = Name
environment-key-help = Such as test or prod. It becomes the end of each namespace’s name, and stays.
environment-tier = Tier
tier-test = Test
tier-production = Production
tier-test-help = Releases come here by themselves.
tier-production-help = Only what a tester has confirmed comes here.
environment-rank = Rank
environment-rank-help = Environments of a lower rank come first.
environment-approvals = Approvals
environment-approvals-help = How many people must approve a release into it. 0 asks nobody.
environment-shells = Shells
environment-shell-by-request = Each person asks for a shell
environment-shell-by-request-help = Whatever their role: with a reason, for some hours, after a yes. Without this the roles of the project decide.
environment-asks = { $n ->
    [0] none asked
    [one] 1 person approves
   *[other] { $n } people approve
}
environment-clusters = Clusters
environment-clusters-help = From the first to the last to be rolled out.
environment-place = Cluster number { $n }
environment-place-none = none
environment-why-order = Why an order
environment-why-order-lede = A release goes to one cluster after the other. What fails in the first never reaches the next.

languages = Languages
languages-lede = from which template a project’s job is made
languages-none = No language yet
languages-none-first = Connect a Jenkins, then name a template job for each language.
language = Language
language-new = Add a language
language-new-lede = Projects of this language are built by a copy of this job.
language-create = Add this language
language-key = Name
language-key-help = Such as java or go. Java’s rules hold for java, java17 and the like, kotlin, scala, groovy and clojure.
language-jenkins = Jenkins
language-template = Template job
language-template-help = Its full name in Jenkins, folders joined by slashes, such as templates/java.
language-needs-jenkins = No Jenkins is connected yet
language-needs-jenkins-first = A language’s template job lies in a Jenkins.
language-next-lede = A project’s job is copied from the template when its first release is built.
