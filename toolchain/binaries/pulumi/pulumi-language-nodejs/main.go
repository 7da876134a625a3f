// Command pulumi-language-nodejs runs Pulumi programs and policy packs with Node.
//
// The released language host is not a Go module, so it can't be built from one. This one speaks the same protocol and runs the same
// entry points of the Node.js SDK. What it leaves out: bun and yarn, debuggers, code generation, the pipes for synchronous invokes.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/cmdutil"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/logging"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	"github.com/pulumi/pulumi/sdk/v3/go/common/version"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// alreadyReported is the exit code of the SDK's run command after it has reported the program's error itself.
const alreadyReported = 32

// Entry points of the SDK.
const (
	runProgram    = "@pulumi/pulumi/cmd/run"
	runPlugin     = "@pulumi/pulumi/cmd/run-plugin"
	runPolicyPack = "@pulumi/pulumi/cmd/run-policy-pack"
)

func main() {
	var tracing string
	flag.StringVar(&tracing, "tracing", "", "Zipkin-compatible endpoint for traces")
	// The engine passes these to every language host.
	for _, name := range []string{"binary", "root"} {
		flag.String(name, "", "accepted, not used")
	}
	flag.Parse()
	logging.InitLogging(false, 0, false)
	cmdutil.InitTracing("pulumi-language-nodejs", "pulumi-language-nodejs", tracing)
	if flag.NArg() == 0 {
		cmdutil.Exit(errors.New("pulumi-language-nodejs: the address of Pulumi's engine is missing: the pulumi command starts this program"))
	}
	host := &languageHost{engine: flag.Arg(0), tracing: tracing}

	ctx, cancel := context.WithCancel(context.Background())
	stop := make(chan bool)
	go func() {
		<-ctx.Done()
		close(stop)
	}()
	// Ends this process if the engine is killed.
	if err := rpcutil.Healthcheck(ctx, host.engine, time.Minute, cancel); err != nil {
		cmdutil.Exit(fmt.Errorf("can't watch the engine at %s: %w", host.engine, err))
	}
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel:  stop,
		Init:    func(server *grpc.Server) error { pulumirpc.RegisterLanguageRuntimeServer(server, host); return nil },
		Options: rpcutil.TracingServerInterceptorOptions(nil),
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

type languageHost struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	engine  string
	tracing string
}

func (host *languageHost) Handshake(
	_ context.Context, request *pulumirpc.LanguageHandshakeRequest,
) (*pulumirpc.LanguageHandshakeResponse, error) {
	host.engine = request.EngineAddress
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

func (host *languageHost) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version.Version}, nil
}

func (host *languageHost) About(ctx context.Context, _ *pulumirpc.AboutRequest) (*pulumirpc.AboutResponse, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, nodeMissing(err)
	}
	printed, err := exec.CommandContext(ctx, node, "--version").Output()
	if err != nil {
		return nil, err
	}
	return &pulumirpc.AboutResponse{Executable: node, Version: strings.TrimSpace(string(printed))}, nil
}

// packageManifest is what is read of a package.json.
type packageManifest struct {
	Name            string            `json:"name"`
	Version         string            `json:"version"`
	Dependencies    map[string]string `json:"dependencies"`
	DevDependencies map[string]string `json:"devDependencies"`
	Pulumi          struct {
		Resource bool   `json:"resource"`
		Name     string `json:"name"`
		Version  string `json:"version"`
		Server   string `json:"server"`
	} `json:"pulumi"`
}

func readManifest(folder string) (packageManifest, error) {
	var manifest packageManifest
	text, err := os.ReadFile(filepath.Join(folder, "package.json"))
	if err != nil {
		return manifest, err
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		return manifest, fmt.Errorf("%s: %w", filepath.Join(folder, "package.json"), err)
	}
	return manifest, nil
}

// installed returns the manifests of a program's direct dependencies that are installed.
func installed(program string, withDevelopment bool) ([]packageManifest, error) {
	own, err := readManifest(program)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	names := own.Dependencies
	if withDevelopment {
		names = map[string]string{}
		for _, group := range []map[string]string{own.Dependencies, own.DevDependencies} {
			for name, wanted := range group {
				names[name] = wanted
			}
		}
	}
	var found []packageManifest
	for name := range names {
		manifest, err := readManifest(filepath.Join(program, "node_modules", filepath.FromSlash(name)))
		if errors.Is(err, os.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, err
		}
		found = append(found, manifest)
	}
	return found, nil
}

func (host *languageHost) GetProgramDependencies(
	_ context.Context, request *pulumirpc.GetProgramDependenciesRequest,
) (*pulumirpc.GetProgramDependenciesResponse, error) {
	packages, err := installed(request.Info.ProgramDirectory, true)
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.GetProgramDependenciesResponse{}
	for _, one := range packages {
		response.Dependencies = append(response.Dependencies,
			&pulumirpc.DependencyInfo{Name: one.Name, Version: one.Version})
	}
	return response, nil
}

// GetRequiredPackages names the provider plugins that the program's packages use: those with pulumi.resource in their package.json.
func (host *languageHost) GetRequiredPackages(
	_ context.Context, request *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	packages, err := installed(request.Info.ProgramDirectory, false)
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.GetRequiredPackagesResponse{}
	for _, one := range packages {
		if !one.Pulumi.Resource {
			continue
		}
		name := one.Pulumi.Name
		if name == "" {
			name = one.Name[strings.LastIndex(one.Name, "/")+1:]
		}
		wanted := one.Pulumi.Version
		if wanted == "" {
			wanted = one.Version
		}
		if !strings.HasPrefix(wanted, "v") {
			wanted = "v" + wanted
		}
		response.Packages = append(response.Packages,
			&pulumirpc.PackageDependency{Name: name, Kind: "resource", Version: wanted, Server: one.Pulumi.Server})
	}
	return response, nil
}

func (host *languageHost) InstallDependencies(
	request *pulumirpc.InstallDependenciesRequest,
	server pulumirpc.LanguageRuntime_InstallDependenciesServer,
) error {
	closer, stdout, stderr, err := rpcutil.MakeInstallDependenciesStreams(server, request.IsTerminal)
	if err != nil {
		return err
	}
	defer closer.Close()
	install := exec.CommandContext(server.Context(), "npm", "install", "--loglevel=error")
	install.Dir = request.Info.ProgramDirectory
	install.Stdout, install.Stderr = stdout, stderr
	if err := install.Run(); err != nil {
		return fmt.Errorf("npm install in %s: %w", install.Dir, err)
	}
	return closer.Close()
}

func (host *languageHost) Run(ctx context.Context, request *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	if request.AttachDebugger {
		return nil, status.Error(codes.Unimplemented, "--attach-debugger needs the released Node.js language host of Pulumi")
	}
	config, err := json.Marshal(request.Config)
	if err != nil {
		return nil, err
	}
	secretKeys, err := json.Marshal(request.ConfigSecretKeys)
	if err != nil {
		return nil, err
	}
	args := []string{
		"--monitor=" + request.MonitorAddress,
		"--engine=" + host.engine,
		"--organization=" + request.Organization,
		"--project=" + request.Project,
		"--stack=" + request.Stack,
		"--pwd=" + request.Pwd,
		"--root-directory=" + request.Info.RootDirectory,
		"--parallel=" + strconv.Itoa(int(request.Parallel)),
	}
	if request.DryRun {
		args = append(args, "--dry-run")
	}
	if host.tracing != "" {
		args = append(args, "--tracing="+host.tracing)
	}
	program := request.Info.EntryPoint
	if program == "" {
		program = "."
	}
	args = append(append(args, program), request.Args...)

	options := optionsOf(request.Info)
	run, err := nodeCommand(ctx, options, runProgram, request.Info.ProgramDirectory, args)
	if err != nil {
		return nil, err
	}
	run.Dir = request.Pwd
	run.Stdout, run.Stderr = os.Stdout, os.Stderr
	run.Env = append(os.Environ(), "PULUMI_CONFIG="+string(config), "PULUMI_CONFIG_SECRET_KEYS="+string(secretKeys))
	if options.typeScript {
		run.Env = append(run.Env, "PULUMI_NODEJS_TYPESCRIPT=true")
	}
	err = run.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return &pulumirpc.RunResponse{}, nil
	case errors.As(err, &exit) && exit.ExitCode() == alreadyReported:
		return &pulumirpc.RunResponse{Bail: true}, nil
	case errors.As(err, &exit):
		return &pulumirpc.RunResponse{Error: "the program ended with " + exit.Error()}, nil
	default:
		return nil, fmt.Errorf("node can't be started: %w", err)
	}
}

func (host *languageHost) RunPlugin(
	request *pulumirpc.RunPluginRequest, server pulumirpc.LanguageRuntime_RunPluginServer,
) error {
	closer, stdout, stderr, err := rpcutil.MakeRunPluginStreams(server, false)
	if err != nil {
		return err
	}
	defer closer.Close()
	entryPoint := runPlugin
	if request.Kind == "analyzer" {
		entryPoint = runPolicyPack
	}
	folder := request.Info.ProgramDirectory
	args := append(append([]string{}, request.Args...), folder)
	if entryPoint == runPlugin {
		args = append([]string{folder}, request.Args...)
	}
	run, err := nodeCommand(server.Context(), optionsOf(request.Info), entryPoint, folder, args)
	if err != nil {
		return err
	}
	run.Dir = request.Pwd
	run.Env = request.Env
	if len(run.Env) == 0 {
		run.Env = os.Environ()
	}
	run.Stdout, run.Stderr = stdout, stderr
	err = run.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		output := &pulumirpc.RunPluginResponse_Exitcode{Exitcode: int32(exit.ExitCode())}
		return server.Send(&pulumirpc.RunPluginResponse{Output: output})
	}
	return err
}

// runtimeOptions are the options under `runtime` in Pulumi.yaml that count here.
type runtimeOptions struct {
	typeScript bool
	nodeArgs   []string
}

func optionsOf(info *pulumirpc.ProgramInfo) runtimeOptions {
	options := runtimeOptions{typeScript: true}
	for key, value := range info.GetOptions().AsMap() {
		switch set := value.(type) {
		case bool:
			if key == "typescript" {
				options.typeScript = set
			}
		case string:
			if key == "nodeargs" {
				options.nodeArgs = strings.Fields(set)
			}
		}
	}
	return options
}

// nodeCommand starts an entry point of the SDK that the folder, or one above it, has installed.
func nodeCommand(
	ctx context.Context, options runtimeOptions, entryPoint, folder string, args []string,
) (*exec.Cmd, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, nodeMissing(err)
	}
	script, err := locate(entryPoint, folder)
	if err != nil {
		return nil, err
	}
	all := append(append(append([]string{}, options.nodeArgs...), script), args...)
	command := exec.CommandContext(ctx, node, all...)
	// A program that ignores the end of the request would keep the engine waiting for its pipes.
	command.WaitDelay = 5 * time.Second
	return command, nil
}

// locate finds a module as Node does: in node_modules of the folder, or of one above it.
func locate(module, folder string) (string, error) {
	for at := folder; ; at = filepath.Dir(at) {
		script := filepath.Join(at, "node_modules", filepath.FromSlash(module), "index.js")
		if _, err := os.Stat(script); err == nil {
			return script, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("%s: @pulumi/pulumi is not installed: run npm ci there", folder)
		}
	}
}

func nodeMissing(err error) error {
	return fmt.Errorf("node is not on PATH: install Node.js: %w", err)
}
