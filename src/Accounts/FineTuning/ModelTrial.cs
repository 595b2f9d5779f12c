using System.Text.Json;
using System.Text.Json.Serialization;
using Tollgate.Accounts.Fleet;
using Tollgate.Accounts.Learning;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Accounts.FineTuning;

/// <summary>
/// Asks a deployed classifier about one text as a request of a key: through the gateway's one admission path, with the key's limits, budget
/// and wallet, and with a usage row. The class is standard: no header names another.
/// </summary>
internal sealed partial class ModelTrial(IHttpClientFactory clients, ILogger<ModelTrial> logger)
{
    private const string IdempotencyKey = "Idempotency-Key";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly LearningRefusal Away =
        new(StatusCodes.Status503ServiceUnavailable, null, null, "The gateway is not reachable right now. Try again in a moment.");

    /// <summary>Runs a trial.</summary>
    /// <param name="trial">Names the trial: the same one again gets its answer again, and is paid for once.</param>
    public async Task<LearningAnswer<TrialEntry>> RunAsync(
        Guid trial, RunKey key, TrialRequest body, CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(GatewayClient.Name);
        client.Timeout = Patience;
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{InternalCalls.Prefix}{PublicEndpoint.Classifications.Path}")
        {
            Content = JsonContent.Create(body, TrialWire.Default.TrialRequest),
            Headers = { { InternalCalls.KeyHeader, key.PublicId }, { IdempotencyKey, $"portal-{trial:N}" } },
        };
        try
        {
            await request.Content.LoadIntoBufferAsync(cancellationToken); // The gateway wants a length.
            using var response = await client.SendAsync(request, cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                return new LearningAnswer<TrialEntry>(null, await LearningRefusal.ReadAsync(response, cancellationToken));
            }

            var answer = await response.Content.ReadFromJsonAsync(TrialWire.Default.TrialAnswer, cancellationToken);
            return answer?.Data is [var first, ..]
                ? new LearningAnswer<TrialEntry>(first with { Tokens = answer.Usage?.PromptTokens }, null)
                : new LearningAnswer<TrialEntry>(null, Away);
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            LogAway(logger, exception.Message);
            return new LearningAnswer<TrialEntry>(null, Away);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "The gateway did not answer a trial: {Reason}")]
    private static partial void LogAway(ILogger logger, string reason);
}

/// <summary>Body of <c>POST /v1/classifications</c>.</summary>
/// <param name="Explain">Null leaves the member out.</param>
public sealed record TrialRequest(string Model, string Input, bool ReturnAllScores, bool? Explain);

/// <summary>Answer of <c>POST /v1/classifications</c>.</summary>
public sealed record TrialAnswer(IReadOnlyList<TrialEntry> Data, TrialUsage? Usage);

/// <summary>Tokens that are paid for.</summary>
public sealed record TrialUsage(long PromptTokens);

/// <summary>The best label of the text, and the scores of all.</summary>
public sealed record TrialEntry(string Label, double Score)
{
    public IReadOnlyList<TrialScore>? Scores { get; init; }

    public TrialExplanation? Explanation { get; init; }

    /// <summary>Tokens of the request that are paid for.</summary>
    [JsonIgnore]
    public long? Tokens { get; init; }
}

public sealed record TrialScore(string Label, double Score);

/// <summary>Which parts of the text speak for the label.</summary>
/// <param name="Quantity"><c>probability</c> or <c>logit</c>: what the attributions add up to.</param>
public sealed record TrialExplanation(
    string Label, string Method, string? Quantity, double Score, double BaselineScore, IReadOnlyList<TrialToken> Tokens)
{
    public double? Error { get; init; }
}

/// <param name="Start">In code points of the text, as <paramref name="End"/>; an empty span frames the text.</param>
/// <param name="Attribution">Above 0 speaks for the label, below 0 against it.</param>
public sealed record TrialToken(string Text, int Start, int End, double Attribution);

/// <summary>Reads and writes a trial. Members that it does not know are left out.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(TrialRequest))]
[JsonSerializable(typeof(TrialAnswer))]
internal sealed partial class TrialWire : JsonSerializerContext;
