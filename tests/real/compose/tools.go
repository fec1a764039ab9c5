//go:build tools

// Package compose pins the validator of the Compose Specification.
package compose

import _ "github.com/compose-spec/compose-go/v2/cmd"
