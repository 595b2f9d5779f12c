using System.Runtime.InteropServices;
using System.Text.Json;

namespace Tollgate.Inference.Tasks.Embeddings;

/// <summary>The JSON of an answer with vectors.</summary>
internal static class EmbeddingFormat
{
    /// <param name="base64">Whether each vector is written as the bytes of its numbers, or else as a list.</param>
    /// <param name="vectors">In the order of the inputs.</param>
    public static void WriteList(Utf8JsonWriter json, string model, bool base64, IReadOnlyList<float[]> vectors, long tokens)
    {
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        for (var index = 0; index < vectors.Count; index++)
        {
            json.WriteStartObject();
            json.WriteString("object", "embedding");
            json.WriteNumber("index", index);
            WriteVector(json, vectors[index], base64);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("model", model);
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", tokens);
        json.WriteNumber("total_tokens", tokens);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteVector(Utf8JsonWriter json, float[] vector, bool base64)
    {
        if (base64)
        {
            json.WriteBase64String("embedding", MemoryMarshal.AsBytes(vector.AsSpan())); // Little-endian, as every machine we run on.
            return;
        }

        json.WriteStartArray("embedding");
        foreach (var number in vector)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }
}
