using Microsoft.Extensions.Logging;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Authentication;
using Tollgate.Gateway.Telemetry;

namespace Tollgate.Gateway.Responses;

/// <summary>Whether a response is to be kept.</summary>
internal sealed record Keeping(bool IsKept)
{
    public static readonly Keeping Yes = new(true);
    public static readonly Keeping No = new(false);
}

/// <summary>What came before a response.</summary>
/// <param name="Model">Of the last response, as the client saw it.</param>
/// <param name="Items">A JSON array in UTF-8: input and output items of all its responses, in order, each as it was kept.</param>
internal sealed record Conversation(string Model, ReadOnlyMemory<byte> Items);

/// <summary>Where answers of <c>POST /v1/responses</c> are kept, and conversations come from. Thread-safe.</summary>
internal sealed partial class ResponseStore(
    ResponseStoreClient client, Authenticator authenticator, KeyDirectory keys, GatewayMetrics metrics, ILogger<ResponseStore> logger)
{
    /// <summary>
    /// Decides before a request runs whether its response is to be kept. Without <paramref name="store"/> it is kept where the project
    /// allows it, and nobody is asked: a request that does not ask for a store does not fail because the store is away.
    /// </summary>
    /// <param name="store">What the request says; null where it says nothing.</param>
    /// <returns>A refusal only where the request says true: 400 <c>store</c> where the project or the organization's limits do not allow
    /// it, 503 while Learning is away.</returns>
    public async Task<OrRefusal<Keeping>> DecideAsync(Caller caller, bool? store, CancellationToken cancellationToken)
    {
        if (store == false)
        {
            return Keeping.No;
        }

        if (store is null && caller.KeepsResponses)
        {
            return Keeping.Yes; // KeepAsync looks again, by the record that the admission found.
        }

        // What memory holds of the project's setting may be old.
        var newest = (await authenticator.RefreshAsync(caller, askAccounts: false, cancellationToken)).Value ?? caller;
        if (!newest.KeepsResponses)
        {
            return store is null ? Keeping.No : OpenAiError.ResponsesNotKept();
        }

        return store is null || await client.RefuseAsync(newest, cancellationToken) is not { } refusal ? Keeping.Yes : refusal;
    }

    /// <summary>The error when the caller's project keeps no responses, so that none of it can run in the background; null when it does.
    /// </summary>
    public async Task<OpenAiError?> RefuseBackgroundAsync(Caller caller, CancellationToken cancellationToken)
    {
        var newest = (await authenticator.RefreshAsync(caller, askAccounts: false, cancellationToken)).Value ?? caller;
        return newest.KeepsResponses ? null : OpenAiError.BackgroundNotKept();
    }

    /// <summary>Queues a response, and returns it as it is now. When it returns one, it is durable and will run.</summary>
    /// <param name="id">Of the response; the same one again is queued once.</param>
    /// <param name="content">JSON with <c>input</c>, <c>response</c> and <c>request</c>, as Learning keeps it.</param>
    /// <param name="fingerprint">Of the request, where it came with an <c>Idempotency-Key</c>; null for another one.</param>
    public Task<OrRefusal<byte[]>> QueueAsync(
        Caller caller, string id, byte[] content, string? fingerprint, CancellationToken cancellationToken) =>
        client.QueueAsync(caller, id, content, fingerprint, cancellationToken);

    /// <summary>Whether a response waits or runs. True while Learning is away: what was asked for runs on.</summary>
    public Task<bool> IsToRunAsync(Caller caller, string id, CancellationToken cancellationToken) =>
        client.IsToRunAsync(caller, id, cancellationToken);

    /// <summary>Reads the conversation that a response ends, for a request that continues it.</summary>
    /// <param name="id">As the client wrote it.</param>
    /// <returns>A refusal: 404 with the id that is missing, which may be an earlier one; 400 for a conversation that is too long; 503 while
    /// Learning is away. Each names <c>previous_response_id</c> but the last.</returns>
    public Task<OrRefusal<Conversation>> ReadConversationAsync(Caller caller, string id, CancellationToken cancellationToken) =>
        client.ReadConversationAsync(caller, id, cancellationToken);

    /// <summary>
    /// Keeps a response that has ended. Call it before the last byte of the answer goes out: when it returns true, every gateway finds the
    /// response. It never throws, and a client that leaves does not end it.
    /// </summary>
    /// <param name="id">Of the response; the same one may be kept again.</param>
    /// <param name="input">JSON array of the request's own input items, each with an <c>id</c>; without the conversation.</param>
    /// <param name="response">The whole response object, with <c>id</c>, <c>model</c>, <c>status</c>, <c>output</c> (each item with an
    /// <c>id</c>) and <c>previous_response_id</c>.</param>
    /// <returns>False when it is not kept: the answer then has to say <c>store: false</c>. Learning is away or refuses it, which is counted
    /// and logged, or the project's setting was turned off since.</returns>
    public async Task<bool> KeepAsync(Caller caller, Guid id, ReadOnlyMemory<byte> input, ReadOnlyMemory<byte> response)
    {
        // The admission has read the newest records by now.
        if (keys.Recall(caller.Key.PublicId) is { } newest && !(caller with { Policy = newest.Policy }).KeepsResponses)
        {
            return false;
        }

        if (await client.KeepAsync(caller, id, input, response) is not { } failure)
        {
            return true;
        }

        metrics.ResponseNotKept(failure.Reason);
        LogNotKept(logger, id, failure.Message);
        return false;
    }

    [LoggerMessage(1, LogLevel.Warning, "Response {Response:N} was answered and is not kept. {Reason}")]
    private static partial void LogNotKept(ILogger logger, Guid response, string reason);
}
