#!/bin/sh
# Prints the kubeconfig of the account that kubernetes/cluster.yaml made, for the portal. Run it
# as an administrator of that cluster; options for kubectl, such as --context, may follow.
#
#   deploy/kubeconfig.sh --context east > east.kubeconfig
set -eu
secret() { "${KUBECTL:-kubectl}" "$@" --namespace slipway-access get secret slipway --output "jsonpath={.data.$field}"; }
server=$("${KUBECTL:-kubectl}" "$@" config view --minify --output 'jsonpath={.clusters[0].cluster.server}')
field=token; token=$(secret "$@" | base64 -d)
field='ca\.crt'; authority=$(secret "$@")
if [ -z "$token" ] || [ -z "$authority" ]; then
    echo "The secret slipway-access/slipway has no token yet; try again in a moment." >&2
    exit 1
fi
cat <<YAML
apiVersion: v1
kind: Config
clusters:
  - name: slipway
    cluster:
      server: $server
      certificate-authority-data: $authority
users:
  - name: slipway
    user:
      token: $token
contexts:
  - name: slipway
    context:
      cluster: slipway
      user: slipway
current-context: slipway
YAML
