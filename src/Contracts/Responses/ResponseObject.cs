using System.Text.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Responses;

/// <summary>What a response object says beside what it repeats of its request.</summary>
/// <param name="Id"><c>resp_…</c>.</param>
/// <param name="CreatedAt">Unix seconds.</param>
/// <param name="Model">The model's real name.</param>
/// <param name="Status">One of <see cref="ResponseStatus"/>.</param>
public sealed record ResponseFacts(string Id, long CreatedAt, string Model, string Status)
{
    /// <summary>Unix seconds; null unless it is completed.</summary>
    public long? CompletedAt { get; init; }

    /// <summary>Null until it has ended well.</summary>
    public Units? Units { get; init; }

    /// <summary>Of a failed one.</summary>
    public OpenAiError? Error { get; init; }
}

/// <summary>Words of a response's <c>status</c>.</summary>
public static class ResponseStatus
{
    public const string Queued = "queued";
    public const string InProgress = "in_progress";
    public const string Completed = "completed";
    public const string Incomplete = "incomplete";
    public const string Failed = "failed";
    public const string Cancelled = "cancelled";
}

/// <summary>Writes response objects, with every member that clients expect, also the empty ones.</summary>
public static class ResponseObject
{
    /// <param name="request">As it runs: with the output cap that is applied.</param>
    /// <param name="writeOutput">Writes the items of the output; null for none.</param>
    public static void Write(Utf8JsonWriter json, ResponsesRequest request, ResponseFacts facts, Action<Utf8JsonWriter>? writeOutput = null)
    {
        json.WriteStartObject();
        json.WriteString("id", facts.Id);
        json.WriteString("object", "response");
        json.WriteNumber("created_at", facts.CreatedAt);
        json.WriteString("status", facts.Status);
        json.WriteBoolean("background", request.Background);
        WriteNumber(json, "completed_at", facts.CompletedAt);
        WriteError(json, facts.Error);
        WriteIncompleteness(json, facts.Status);
        json.WriteString("instructions", request.Instructions);
        WriteNumber(json, "max_output_tokens", request.Sampling.MaxTokens);
        WriteNumber(json, "max_tool_calls", request.Settings.MaxToolCalls);
        json.WriteString("model", facts.Model);
        json.WriteStartArray("output");
        writeOutput?.Invoke(json);
        json.WriteEndArray();
        WriteSettings(json, request);
        WriteUsage(json, facts.Units);
        json.WriteEndObject();
    }

    private static void WriteError(Utf8JsonWriter json, OpenAiError? error)
    {
        if (error is null)
        {
            json.WriteNull("error");
            return;
        }

        json.WriteStartObject("error");
        json.WriteString("code", error.Status == 429 ? "rate_limit_exceeded" : "server_error"); // Of the few that clients know.
        json.WriteString("message", error.Message);
        json.WriteEndObject();
    }

    private static void WriteIncompleteness(Utf8JsonWriter json, string status)
    {
        if (status != "incomplete")
        {
            json.WriteNull("incomplete_details");
            return;
        }

        json.WriteStartObject("incomplete_details");
        json.WriteString("reason", "max_output_tokens");
        json.WriteEndObject();
    }

    private static void WriteSettings(Utf8JsonWriter json, ResponsesRequest request)
    {
        var settings = request.Settings;
        json.WriteBoolean("parallel_tool_calls", settings.ParallelToolCalls);
        json.WriteString("previous_response_id", request.PreviousResponseId);
        json.WriteNull("conversation");
        json.WriteNull("prompt");
        json.WriteNull("moderation");
        json.WriteNull("access_programs");
        json.WriteString("prompt_cache_key", settings.PromptCacheKey);
        json.WriteString("prompt_cache_retention", settings.PromptCacheRetention);
        json.WriteStartObject("reasoning");
        json.WriteString("effort", settings.ReasoningEffort);
        json.WriteString("summary", settings.ReasoningSummary);
        json.WriteEndObject();
        json.WriteString("safety_identifier", settings.SafetyIdentifier);
        json.WriteString("service_tier", "default");
        json.WriteBoolean("store", request.Store ?? true);
        json.WriteNumber("temperature", request.Sampling.Temperature);
        WriteText(json, settings);
        WriteTools(json, settings);
        json.WriteNumber("top_logprobs", settings.TopLogprobs);
        json.WriteNumber("top_p", request.Sampling.TopP > float.Epsilon ? request.Sampling.TopP : 0);
        json.WriteString("truncation", "disabled");
        json.WriteString("user", settings.User);
        json.WriteStartObject("metadata");
        foreach (var (name, value) in settings.Metadata)
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, ResponseSettings settings)
    {
        json.WriteStartObject("text");
        if (settings.Format is { } format)
        {
            json.WritePropertyName("format");
            format.WriteTo(json);
        }
        else
        {
            json.WriteStartObject("format");
            json.WriteString("type", "text");
            json.WriteEndObject();
        }

        json.WriteString("verbosity", settings.Verbosity ?? "medium");
        json.WriteEndObject();
    }

    private static void WriteTools(Utf8JsonWriter json, ResponseSettings settings)
    {
        json.WritePropertyName("tool_choice");
        if (settings.ToolChoice is { } choice)
        {
            choice.WriteTo(json);
        }
        else
        {
            json.WriteStringValue("auto");
        }

        json.WriteStartArray("tools");
        foreach (var tool in settings.Tools)
        {
            json.WriteStartObject();
            json.WriteString("type", "function");
            json.WriteString("name", tool.Name);
            json.WriteString("description", tool.Description);
            json.WritePropertyName("parameters");
            if (tool.Parameters is { } parameters)
            {
                parameters.WriteTo(json);
            }
            else
            {
                json.WriteNullValue();
            }

            json.WriteBoolean("strict", tool.Strict);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteUsage(Utf8JsonWriter json, Units? units)
    {
        if (units is not { } used)
        {
            json.WriteNull("usage");
            return;
        }

        json.WriteStartObject("usage");
        json.WriteNumber("input_tokens", used.Prompt);
        json.WriteStartObject("input_tokens_details");
        json.WriteNumber("cached_tokens", used.Cached);
        json.WriteNumber("cache_write_tokens", 0);
        json.WriteEndObject();
        json.WriteNumber("output_tokens", used.Completion);
        json.WriteStartObject("output_tokens_details");
        json.WriteNumber("reasoning_tokens", used.Reasoning);
        json.WriteEndObject();
        json.WriteNumber("total_tokens", used.Prompt + used.Completion);
        json.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
