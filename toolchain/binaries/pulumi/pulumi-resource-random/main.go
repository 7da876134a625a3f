// Command pulumi-resource-random stands in for the released provider of @pulumi/random, which is not served as a Go module.
//
// It makes passwords, strings, bytes and ids with Go's crypto/rand. It honours length, byteLength, special and overrideSpecial only, and
// refuses other inputs and other resource types.
package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"os"
	"reflect"
	"slices"

	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/provider"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// version is the one of the provider that this one stands in for. The linker sets it.
var version string

const (
	letters  = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	specials = "!@#$%&*()-_=+[]{}<>:?"
)

// resourceType is how one type of @pulumi/random is made.
type resourceType struct {
	// length names the input that says how long the value is.
	length string
	// inputs are the others that are honoured.
	inputs []string
	make   func(length int, inputs map[string]any) (map[string]any, error)
}

var resourceTypes = map[string]resourceType{
	"random:index/randomPassword:RandomPassword": {"length", []string{"special", "overrideSpecial"}, text},
	"random:index/randomString:RandomString":     {"length", []string{"special", "overrideSpecial"}, text},
	"random:index/randomBytes:RandomBytes":       {"length", nil, encoded("base64", "hex")},
	"random:index/randomId:RandomId":             {"byteLength", nil, encoded("b64Std", "hex")},
}

func main() {
	if len(os.Args) == 2 && (os.Args[1] == "--version" || os.Args[1] == "version") {
		fmt.Printf("stand-in for pulumi-resource-random %s, made by the project sidecar-mesh\n", version)
		return
	}
	err := provider.Main("random", func(*provider.HostClient) (pulumirpc.ResourceProviderServer, error) {
		return &standIn{}, nil
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type standIn struct {
	pulumirpc.UnimplementedResourceProviderServer
}

func (*standIn) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version}, nil
}

func (*standIn) CheckConfig(_ context.Context, request *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	return &pulumirpc.CheckResponse{Inputs: request.News}, nil
}

func (*standIn) DiffConfig(context.Context, *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	return &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE}, nil
}

func (*standIn) Configure(context.Context, *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	return &pulumirpc.ConfigureResponse{}, nil
}

func (*standIn) Check(_ context.Context, request *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	kind, known := resourceTypes[request.Type]
	if !known {
		return nil, fmt.Errorf("%s: the stand-in for the random provider does not make it; install the released Pulumi CLI",
			request.Type)
	}
	response := &pulumirpc.CheckResponse{Inputs: request.News}
	for name := range request.News.AsMap() {
		if name != kind.length && !slices.Contains(kind.inputs, name) && name[0] != '_' {
			response.Failures = append(response.Failures, &pulumirpc.CheckFailure{
				Property: name,
				Reason:   "the stand-in for the random provider does not honour it; install the released Pulumi CLI",
			})
		}
	}
	return response, nil
}

func (*standIn) Diff(_ context.Context, request *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	response := &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE, DeleteBeforeReplace: false}
	before, after := request.OldInputs.AsMap(), request.News.AsMap()
	for _, name := range append([]string{resourceTypes[request.Type].length}, resourceTypes[request.Type].inputs...) {
		if !reflect.DeepEqual(before[name], after[name]) {
			response.Changes = pulumirpc.DiffResponse_DIFF_SOME
			response.Replaces = append(response.Replaces, name)
		}
	}
	response.Diffs = response.Replaces
	return response, nil
}

func (*standIn) Create(_ context.Context, request *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	kind, inputs := resourceTypes[request.Type], request.Properties.AsMap()
	length, isNumber := inputs[kind.length].(float64)
	if !isNumber || length < 1 {
		return nil, fmt.Errorf("%s: %s is %v; set it to 1 or more", request.Urn, kind.length, inputs[kind.length])
	}
	outputs, err := kind.make(int(length), inputs)
	if err != nil {
		return nil, err
	}
	for name, value := range inputs {
		outputs[name] = value
	}
	properties, err := structpb.NewStruct(outputs)
	if err != nil {
		return nil, err
	}
	return &pulumirpc.CreateResponse{Id: "none", Properties: properties}, nil
}

// Read answers a refresh: a random value is only in the state.
func (*standIn) Read(_ context.Context, request *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	return &pulumirpc.ReadResponse{Id: request.Id, Properties: request.Properties, Inputs: request.Inputs}, nil
}

func (*standIn) Delete(context.Context, *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (*standIn) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func text(length int, inputs map[string]any) (map[string]any, error) {
	alphabet := letters
	if special, isSet := inputs["special"].(bool); special || !isSet {
		if own, isSet := inputs["overrideSpecial"].(string); isSet {
			alphabet += own
		} else {
			alphabet += specials
		}
	}
	result := make([]byte, length)
	for i := range result {
		at, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
		if err != nil {
			return nil, err
		}
		result[i] = alphabet[at.Int64()]
	}
	return map[string]any{"result": string(result)}, nil
}

func encoded(inBase64, inHex string) func(int, map[string]any) (map[string]any, error) {
	return func(length int, _ map[string]any) (map[string]any, error) {
		bytes := make([]byte, length)
		if _, err := rand.Read(bytes); err != nil {
			return nil, err
		}
		return map[string]any{
			inBase64: base64.StdEncoding.EncodeToString(bytes),
			inHex:    hex.EncodeToString(bytes),
		}, nil
	}
}
