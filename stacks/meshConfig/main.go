// Prints the JSON Schema of Istio's MeshConfig, as protojson reads it: `go run . > schema.json` in this folder.
package main

import (
	"encoding/json"
	"os"

	mesh "istio.io/api/mesh/v1alpha1"
	"google.golang.org/protobuf/reflect/protoreflect"
)

type schema = map[string]any

var messages = schema{}

// The JSON forms of messages that protojson writes in a form of their own.
var wellKnown = map[protoreflect.FullName]schema{
	"google.protobuf.Duration":    {"type": "string", "pattern": `^-?\d+(\.\d+)?(h|m|s|ms|us|ns)([\d.]+(h|m|s|ms|us|ns))*$`},
	"google.protobuf.Struct":      {"type": "object"},
	"google.protobuf.Value":       {},
	"google.protobuf.BoolValue":   {"type": "boolean"},
	"google.protobuf.StringValue": {"type": "string"},
	"google.protobuf.Int32Value":  {"type": []string{"integer", "string"}},
	"google.protobuf.Int64Value":  {"type": []string{"integer", "string"}},
	"google.protobuf.UInt32Value": {"type": []string{"integer", "string"}},
	"google.protobuf.UInt64Value": {"type": []string{"integer", "string"}},
	"google.protobuf.DoubleValue": {"type": []string{"number", "string"}},
}

func reference(message protoreflect.MessageDescriptor) schema {
	if known, ok := wellKnown[message.FullName()]; ok {
		return known
	}
	name := string(message.FullName())
	if messages[name] == nil {
		messages[name] = schema{}
		properties := schema{}
		fields := message.Fields()
		for i := 0; i < fields.Len(); i++ {
			field := fields.Get(i)
			// protojson reads both spellings.
			properties[field.JSONName()] = fieldSchema(field)
			properties[string(field.Name())] = properties[field.JSONName()]
		}
		messages[name] = schema{"type": "object", "properties": properties, "additionalProperties": false}
	}
	return schema{"$ref": "#/$defs/" + name}
}

func fieldSchema(field protoreflect.FieldDescriptor) schema {
	if field.IsMap() {
		return schema{"type": "object", "additionalProperties": one(field.MapValue())}
	}
	if field.IsList() {
		return schema{"type": "array", "items": one(field)}
	}
	return one(field)
}

func one(field protoreflect.FieldDescriptor) schema {
	switch field.Kind() {
	case protoreflect.MessageKind:
		return reference(field.Message())
	case protoreflect.EnumKind:
		values := field.Enum().Values()
		names := make([]string, values.Len())
		for i := range names {
			names[i] = string(values.Get(i).Name())
		}
		return schema{"enum": names}
	case protoreflect.BoolKind:
		return schema{"type": "boolean"}
	case protoreflect.StringKind, protoreflect.BytesKind:
		return schema{"type": "string"}
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		return schema{"type": "number"}
	default:
		return schema{"type": "integer"}
	}
}

func main() {
	root := reference((&mesh.MeshConfig{}).ProtoReflect().Descriptor())
	root["$defs"] = messages
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", " ")
	if err := out.Encode(root); err != nil {
		panic(err)
	}
}
