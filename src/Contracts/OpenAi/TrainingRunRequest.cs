using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tollgate.Contracts.Learning;
using Tollgate.Contracts.Metering;

namespace Tollgate.Contracts.OpenAi;

/// <summary>A run of a fine-tuning job, or its plan: a <see cref="TrainingOrder"/> as JSON, camelCase. Only a service sends it.</summary>
public sealed partial record TrainingRunRequest : InferenceRequest, IJsonRequest<TrainingRunRequest>
{
    private static readonly string[] Methods = ["supervised", "head", "encoder", "lstm"];

    public required TrainingOrder Order { get; init; }

    /// <summary>Trained tokens are no text that a model generates: no cap of a card bounds them.</summary>
    public override bool Generates => false;

    public override Units Media => new(0, Output: Order.MostTokens);

    public override decimal? MostUsd => Order.MostUsd;

    /// <summary>Parses and checks a body. Never throws; sets exactly one of <paramref name="request"/> and <paramref name="error"/>.
    /// </summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> body, [NotNullWhen(true)] out TrainingRunRequest? request, [NotNullWhen(false)] out OpenAiError? error)
    {
        request = null;
        TrainingOrder? order = null;
        try
        {
            order = JsonSerializer.Deserialize(body.Span, OrderJson.Default.TrainingOrder);
            error = order is null ? OpenAiError.BodyNotObject() : FindFault(order);
        }
        catch (JsonException exception)
        {
            error = exception.Path is { Length: > 2 } path
                ? OpenAiError.InvalidValue(path[2..], "a value of another type or range") // The path begins with "$.".
                : OpenAiError.InvalidValue("body", "a training order with model, job and numbers (method, seed)");
        }

        if (error is not null)
        {
            return false;
        }

        request = new TrainingRunRequest
        {
            Model = order!.Model, Stream = order.Stream, Order = order, Size = default, Edits = default,
        };
        return true;
    }

    /// <summary>The order with the model's real name.</summary>
    public override byte[] Rewrite(ReadOnlyMemory<byte> body, string model, long outputCap) =>
        JsonSerializer.SerializeToUtf8Bytes(Order with { Model = model }, OrderJson.Default.TrainingOrder);

    private static OpenAiError? FindFault(TrainingOrder order) =>
        order.Model is not { Length: > 0 and <= SharedMembers.LongestModel } ? OpenAiError.InvalidValue("model", "the name of a model")
        : order.Job == Guid.Empty ? OpenAiError.InvalidValue("job", "the id of a job")
        : order.Numbers is null || !Methods.Contains(order.Numbers.Method)
            ? OpenAiError.InvalidValue("numbers.method", string.Join(", ", Methods))
        : !order.Stream && order.MostTokens != 0 ? OpenAiError.InvalidValue("mostTokens", "0 for a plan") : FindRange(order);

    private static OpenAiError? FindRange(TrainingOrder order) =>
        order.MostTokens < 0 ? OpenAiError.InvalidValue("mostTokens", "0 or more") // 0 where only the evaluation is left.
        : order.PaidTokens < 0 ? OpenAiError.InvalidValue("paidTokens", "0 or more")
        : order.MostUsd < 0 ? OpenAiError.InvalidValue("mostUsd", "0 or more") : null;

    /// <summary>The JSON of orders, as every message between services is written.</summary>
    [JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonSerializable(typeof(TrainingOrder))]
    private sealed partial class OrderJson : JsonSerializerContext;
}
