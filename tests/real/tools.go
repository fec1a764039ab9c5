//go:build tools

// Package real pins the tools of a real Kubernetes control plane and image registry.
// The imports are never compiled into anything: they keep `go mod tidy` from dropping the pins.
package real

import (
	_ "github.com/distribution/distribution/v3/cmd/registry"
	_ "go.etcd.io/etcd/server/v3"
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kube-scheduler"
	_ "k8s.io/kubernetes/cmd/kubectl"
)
