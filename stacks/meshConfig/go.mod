// Prints the schema of Istio's MeshConfig; see main.go. The version is the one that Istio's release of components/versions.ts has, or a later one.
module sidecar-mesh/meshconfig

go 1.25.0

require (
	google.golang.org/protobuf v1.36.11
	istio.io/api v1.31.0-rc.0.0.20260824154656-b943409680a7
)

require (
	github.com/golang/protobuf v1.5.4 // indirect
	google.golang.org/genproto/googleapis/api v0.0.0-20251213004720-97cd9d5aeac2 // indirect
)
