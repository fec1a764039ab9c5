//go:build tools

// Package kwok pins the tool that plays the nodes. It has a module of its own because its release
// is written against older Kubernetes libraries than the control plane beside it.
package kwok

import _ "sigs.k8s.io/kwok/cmd/kwok"
