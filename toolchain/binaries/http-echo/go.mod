// The echo service the mesh demonstrates, kept apart from the core: it needs almost nothing and builds in seconds.
module sandbox.local/http-echo

go 1.26.0

tool github.com/hashicorp/http-echo

require github.com/hashicorp/http-echo v1.0.0 // indirect
