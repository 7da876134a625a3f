// Command pulumi-resource-kubernetes is Pulumi's Kubernetes provider, unmodified, under the version that its npm package asks for.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
)

// Both come from the provider's module; the build puts them here.
var (
	//go:embed schema.json
	schema []byte
	//go:embed terraform-mapping.json
	mapping []byte
	// version is set by the linker.
	version string
)

func main() { provider.Serve("kubernetes", version, schema, mapping) }
