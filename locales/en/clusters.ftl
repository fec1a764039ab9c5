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
