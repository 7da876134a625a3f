// Command pulumi-language-python generates Python SDKs of Pulumi packages, for `pulumi package gen-sdk --language python`.
//
// The released language host is not a Go module, so it can't be built from one. This one speaks the same protocol and generates with
// the same package of Pulumi's. What it leaves out: it runs no program; Pulumi's Automation API runs Python programs without it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/cmdutil"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

func main() {
	// The engine passes these to every language host.
	for _, name := range []string{"tracing", "binary", "root"} {
		flag.String(name, "", "accepted, not used")
	}
	flag.Parse()
	if flag.NArg() == 0 {
		cmdutil.Exit(errors.New(
			"pulumi-language-python: the address of Pulumi's engine is missing: the pulumi command starts this program"))
	}
	ctx, cancel := context.WithCancel(context.Background())
	stop := make(chan bool)
	go func() {
		<-ctx.Done()
		close(stop)
	}()
	// Ends this process if the engine is killed.
	if err := rpcutil.Healthcheck(ctx, flag.Arg(0), time.Minute, cancel); err != nil {
		cmdutil.Exit(fmt.Errorf("can't watch the engine at %s: %w", flag.Arg(0), err))
	}
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: stop,
		Init: func(server *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(server, &generator{})
			return nil
		},
	})
	if err != nil {
		cmdutil.Exit(fmt.Errorf("can't serve the language protocol: %w", err))
	}
	// The engine reads the port from the first line.
	fmt.Println(handle.Port)
	if err := <-handle.Done; err != nil {
		cmdutil.Exit(err)
	}
}

type generator struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
}

func (*generator) Handshake(
	context.Context, *pulumirpc.LanguageHandshakeRequest,
) (*pulumirpc.LanguageHandshakeResponse, error) {
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

func (*generator) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{}, nil
}

func (*generator) GeneratePackage(
	_ context.Context, request *pulumirpc.GeneratePackageRequest,
) (*pulumirpc.GeneratePackageResponse, error) {
	loader, err := schema.NewLoaderClient(request.LoaderTarget)
	if err != nil {
		return nil, err
	}
	defer loader.Close()
	var spec schema.PackageSpec
	if err := json.Unmarshal([]byte(request.Schema), &spec); err != nil {
		return nil, fmt.Errorf("the schema is no JSON: %w", err)
	}
	bound, diagnostics, err := schema.BindSpec(spec, loader, schema.ValidationOptions{AllowDanglingReferences: true})
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.GeneratePackageResponse{Diagnostics: plugin.HclDiagnosticsToRPCDiagnostics(diagnostics)}
	if diagnostics.HasErrors() {
		return response, nil
	}
	files, err := python.GeneratePackage("pulumi-language-python", bound, request.ExtraFiles, loader)
	if err != nil {
		return nil, err
	}
	for name, text := range files {
		file := filepath.Join(request.Directory, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return nil, err
		}
	}
	return response, nil
}
