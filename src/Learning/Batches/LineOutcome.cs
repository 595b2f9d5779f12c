using System.Text.Json;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Doors;

namespace Tollgate.Learning.Batches;

/// <summary>How a line ended.</summary>
/// <param name="Line">Its number, from 1.</param>
/// <param name="Failed">Whether it stands in the error file.</param>
/// <param name="Json">Its line there, with a line feed.</param>
/// <param name="RequestId">The request whose usage row it has; null for a line that was not answered.</param>
internal sealed record LineOutcome(int Line, bool Failed, ReadOnlyMemory<byte> Json, LineUsage Usage, Guid? RequestId)
{
    /// <summary>A line that the API answered.</summary>
    /// <param name="answer">Its body is JSON.</param>
    public static LineOutcome Of(Batch batch, LineRequest request, DoorAnswer answer)
    {
        using var body = JsonDocument.Parse(answer.Body);
        var failed = answer.Status >= 400;
        var json = Write(LineIds.Of(batch.Id, request.Line), request.CustomId, writer =>
        {
            writer.WriteStartObject("response");
            writer.WriteNumber("status_code", answer.Status);
            writer.WriteString("request_id", answer.RequestId);
            writer.WritePropertyName("body");
            body.RootElement.WriteTo(writer); // Not as it came: it may be indented, and a line is a line.
            writer.WriteEndObject();
            WriteError(writer, failed ? answer : null);
        });
        return new LineOutcome(
            request.Line, failed, json, failed ? default : UsageOf(body.RootElement),
            failed ? null : GatewayDoor.ParseRequestId(answer.RequestId));
    }

    /// <summary>A line that was refused here, as the API would have.</summary>
    public static LineOutcome Of(Batch batch, LineRequest request, OpenAiError error) =>
        Of(batch, request, new DoorAnswer(AnswerKind.Final, error.Status, null, error.ToJson(), null));

    /// <summary>A line that was not run.</summary>
    /// <param name="customId">Null when the input file is gone.</param>
    public static LineOutcome NotRun(Batch batch, int line, string? customId, OpenAiError error) => new(
        line, true,
        Write(LineIds.Of(batch.Id, line), customId, writer =>
        {
            writer.WriteNull("response");
            writer.WriteStartObject("error");
            writer.WriteString("code", error.Code);
            writer.WriteString("message", error.Message);
            writer.WriteEndObject();
        }),
        default, null);

    private static ReadOnlyMemory<byte> Write(string id, string? customId, Action<Utf8JsonWriter> rest)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            writer.WriteString("id", id);
            writer.WriteString("custom_id", customId);
            rest(writer);
            writer.WriteEndObject();
        }

        bytes.WriteByte((byte)'\n');
        return bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
    }

    private static void WriteError(Utf8JsonWriter writer, DoorAnswer? failed)
    {
        if (failed is null)
        {
            writer.WriteNull("error");
            return;
        }

        var (code, message) = failed.ReadError();
        writer.WriteStartObject("error");
        writer.WriteString("code", code);
        writer.WriteString("message", message);
        writer.WriteEndObject();
    }

    private static LineUsage UsageOf(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty("usage", out var usage)
            || usage.ValueKind != JsonValueKind.Object)
        {
            return default;
        }

        var read = Count(usage, "cache_read_input_tokens"); // Of messages, whose input tokens are without them.
        return new LineUsage(
            Count(usage, "prompt_tokens", "input_tokens") + read,
            Count(Details(usage, "prompt_tokens_details", "input_tokens_details"), "cached_tokens") + read,
            Count(usage, "completion_tokens", "output_tokens"),
            Count(Details(usage, "completion_tokens_details", "output_tokens_details"), "reasoning_tokens"));
    }

    private static JsonElement Details(JsonElement usage, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (usage.TryGetProperty(name, out var details))
            {
                return details;
            }
        }

        return default;
    }

    private static long Count(JsonElement from, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (from.ValueKind == JsonValueKind.Object && from.TryGetProperty(name, out var value) && value.TryGetInt64(out var count))
            {
                return count;
            }
        }

        return 0;
    }
}
