using System.Text.Json;
using Tollgate.Contracts.Tensors;
using Tollgate.Contracts.Workers;

namespace Tollgate.Gateway.Endpoints;

/// <summary>Writes what the Open Inference Protocol states of a server and of its models.</summary>
internal static class ServerState
{
    private static readonly string Version = typeof(ServerState).Assembly.GetName().Version!.ToString(3);

    public static void WriteServer(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("name", "tollgate");
        writer.WriteString("version", Version);
        writer.WriteStartArray("extensions");
        writer.WriteStringValue("binary_tensor_data");
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    public static void WriteFlag(Utf8JsonWriter writer, string name)
    {
        writer.WriteStartObject();
        writer.WriteBoolean(name, true);
        writer.WriteEndObject();
    }

    public static void WriteModelReady(Utf8JsonWriter writer, ModelCard card)
    {
        writer.WriteStartObject();
        writer.WriteString("name", card.Name);
        writer.WriteBoolean("ready", true);
        writer.WriteEndObject();
    }

    /// <param name="versions">Those in service; that of the card where there are none.</param>
    public static void WriteModel(Utf8JsonWriter writer, ModelCard card, IReadOnlyList<string> versions)
    {
        writer.WriteStartObject();
        writer.WriteString("name", card.Name);
        writer.WriteStartArray("versions");
        foreach (var version in versions.DefaultIfEmpty(card.Version))
        {
            writer.WriteStringValue(version);
        }

        writer.WriteEndArray();
        writer.WriteString("platform", "onnxruntime_onnx");
        Write(writer, "inputs", card.Tensors!.Inputs);
        Write(writer, "outputs", card.Tensors.Outputs);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, string name, IReadOnlyList<TensorSpec> tensors)
    {
        writer.WriteStartArray(name);
        foreach (var tensor in tensors)
        {
            writer.WriteStartObject();
            writer.WriteString("name", tensor.Name);
            writer.WriteString("datatype", tensor.Datatype);
            writer.WriteStartArray("shape");
            foreach (var length in tensor.Shape)
            {
                writer.WriteNumberValue(length);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
