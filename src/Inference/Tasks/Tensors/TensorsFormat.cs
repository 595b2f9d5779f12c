using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Tensors;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.Tensors;

/// <summary>An answer with tensors: the JSON, and behind it the bytes of those in binary form.</summary>
internal sealed record TensorsAnswer(IReadOnlyList<ReadOnlyMemory<byte>> Parts);

/// <summary>Writes answers with tensors.</summary>
internal static class TensorsFormat
{
    /// <summary>Elements that are written between two looks at the size.</summary>
    private const int Stride = 4096;

    /// <summary>Writes an answer. Refuses one that is too large, or whose JSON would have to hold what JSON cannot.</summary>
    /// <param name="binary">Of each output, whether it comes in binary form.</param>
    public static OrRefusal<TensorsAnswer> Write(TensorsJob job, IReadOnlyList<TensorOutput> outputs, IReadOnlyList<bool> binary)
    {
        var most = job.Tensors.Engine.MostAnswerBytes;
        var buffer = new ArrayBufferWriter<byte>(1024);
        List<ReadOnlyMemory<byte>> parts = [];
        using (var json = new Utf8JsonWriter(buffer, AnswerJson.Options))
        {
            json.WriteStartObject();
            json.WriteString("model_name", job.Model.Name);
            json.WriteString("model_version", job.Model.Version);
            if (job.Request.Id is { } id)
            {
                json.WriteString("id", id);
            }

            json.WriteStartArray("outputs");
            for (var i = 0; i < outputs.Count; i++)
            {
                WriteHead(json, outputs[i]);
                if (binary[i])
                {
                    WriteSize(json, outputs[i]);
                    parts.Add(outputs[i].Content);
                }
                else if (WriteData(json, outputs[i], most - parts.Sum(part => (long)part.Length)) is { } error)
                {
                    return error == TooLarge
                        ? OpenAiError.AnswerTooLarge(job.Model.Name) : OpenAiError.OutputNeedsBinary(outputs[i].Name, error);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenCount + parts.Sum(part => (long)part.Length) > most
            ? OpenAiError.AnswerTooLarge(job.Model.Name) : new TensorsAnswer([buffer.WrittenMemory, .. parts]);
    }

    private const string TooLarge = "is too large";

    private static void WriteHead(Utf8JsonWriter json, TensorOutput output)
    {
        json.WriteStartObject();
        json.WriteString("name", output.Name);
        json.WriteString("datatype", output.Type.Name);
        json.WriteStartArray("shape");
        foreach (var length in output.Shape)
        {
            json.WriteNumberValue(length);
        }

        json.WriteEndArray();
    }

    private static void WriteSize(Utf8JsonWriter json, TensorOutput output)
    {
        json.WriteStartObject("parameters");
        json.WriteNumber("binary_data_size", output.Content.Length);
        json.WriteEndObject();
    }

    /// <returns>Why the elements cannot stand in JSON, as the end of a sentence; null when they do.</returns>
    private static string? WriteData(Utf8JsonWriter json, TensorOutput output, long most)
    {
        json.WriteStartArray("data");
        var rest = output.Content.Span;
        for (var count = 1; !rest.IsEmpty; count++)
        {
            if (Write(json, output.Type, ref rest) is { } fault)
            {
                return fault;
            }

            if (count % Stride == 0 && json.BytesCommitted + json.BytesPending > most)
            {
                return TooLarge;
            }
        }

        json.WriteEndArray();
        return null;
    }

    private static string? Write(Utf8JsonWriter json, TensorType type, ref ReadOnlySpan<byte> rest)
    {
        if (type == TensorType.Text)
        {
            var text = rest.Slice(sizeof(int), BinaryPrimitives.ReadInt32LittleEndian(rest));
            rest = rest[(sizeof(int) + text.Length)..];
            if (!Utf8.IsValid(text))
            {
                return "has a string that is no UTF-8, which JSON cannot hold";
            }

            json.WriteStringValue(text);
            return null;
        }

        var element = rest[..type.Bytes];
        rest = rest[type.Bytes..];
        return type == TensorType.Fp32 || type == TensorType.Fp64 ? WriteReal(json, element) : WriteWhole(json, type, element);
    }

    private static string? WriteReal(Utf8JsonWriter json, ReadOnlySpan<byte> element)
    {
        var isFinite = element.Length == sizeof(float)
            ? float.IsFinite(MemoryMarshal.Read<float>(element)) : double.IsFinite(MemoryMarshal.Read<double>(element));
        if (!isFinite)
        {
            return "has a number that is not finite, which JSON cannot hold";
        }

        if (element.Length == sizeof(float))
        {
            json.WriteNumberValue(MemoryMarshal.Read<float>(element));
        }
        else
        {
            json.WriteNumberValue(MemoryMarshal.Read<double>(element));
        }

        return null;
    }

    private static string? WriteWhole(Utf8JsonWriter json, TensorType type, ReadOnlySpan<byte> element)
    {
        switch (type.Name)
        {
            case "BOOL":
                json.WriteBooleanValue(element[0] != 0);
                break;
            case "UINT64":
                json.WriteNumberValue(MemoryMarshal.Read<ulong>(element));
                break;
            default:
                json.WriteNumberValue(type.Name switch
                {
                    "UINT8" => element[0],
                    "UINT16" => MemoryMarshal.Read<ushort>(element),
                    "UINT32" => MemoryMarshal.Read<uint>(element),
                    "INT8" => (sbyte)element[0],
                    "INT16" => MemoryMarshal.Read<short>(element),
                    "INT32" => MemoryMarshal.Read<int>(element),
                    "INT64" => MemoryMarshal.Read<long>(element),
                    _ => throw new ArgumentException("The datatype has no form in JSON.", nameof(type)),
                });
                break;
        }

        return null;
    }
}
