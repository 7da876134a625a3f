// Package fieldpath is version 6 of the package under the path of version 4: Pulumi's provider names the old path, and what it calls in
// client-go and fluxcd's ssa has moved to the new one.
package fieldpath

import "sigs.k8s.io/structured-merge-diff/v6/fieldpath"

// Set and Path are what the provider uses of it.
type (
	Set  = fieldpath.Set
	Path = fieldpath.Path
)

// MakePath makes a path of its parts.
var MakePath = fieldpath.MakePath
