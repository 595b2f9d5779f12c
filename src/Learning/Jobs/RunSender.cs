using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Learning;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Learning.Doors;

namespace Tollgate.Learning.Jobs;

/// <summary>A run that has begun: its request and its events. Dispose drops the stream, and the gateway cancels the run.</summary>
internal sealed class RunStream(HttpClient client, HttpResponseMessage response, TimeSpan silence) : IDisposable
{
    /// <summary>The events with their <c>id:</c>. Ends where the stream ends, however it ends.</summary>
    public async IAsyncEnumerable<(long Id, TrainingEvent Event)> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(silence);
        await using var stream = await response.Content.ReadAsStreamAsync(patience.Token);
        await using var items = SseParser.Create(stream, (_, bytes) => Parse(bytes)).EnumerateAsync(patience.Token)
            .GetAsyncEnumerator(patience.Token);
        while (await NextAsync(items, cancellationToken))
        {
            patience.CancelAfter(silence);
            if (items.Current.Data is { } said)
            {
                yield return (long.TryParse(items.Current.EventId, out var id) ? id : 0, said);
            }
        }
    }

    public void Dispose()
    {
        response.Dispose();
        client.Dispose();
    }

    /// <summary>False at the end of a stream that ended well or broke off.</summary>
    private static async Task<bool> NextAsync(IAsyncEnumerator<SseItem<TrainingEvent?>> items, CancellationToken cancellationToken)
    {
        try
        {
            return await items.MoveNextAsync();
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && GatewayDoor.IsFailure(exception))
        {
            return false;
        }
    }

    /// <summary>Null for what is no event of ours: the end mark, and the gateway's error frame.</summary>
    private static TrainingEvent? Parse(ReadOnlySpan<byte> data)
    {
        try
        {
            var json = new Utf8JsonReader(data);
            using var document = JsonDocument.ParseValue(ref json);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("kind", out _)
                ? document.Deserialize(ContractsJson.Default.TrainingEvent) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>Calls the gateway's internal door for plans and runs. Thread-safe.</summary>
internal sealed class RunSender(DoorSender door, IHttpClientFactory clients, IOptions<JobOptions> options)
{
    /// <summary>Asks for a plan. A call that fails is an answer of <see cref="AnswerKind.Unknown"/>.</summary>
    public async Task<DoorAnswer> AskAsync(Job job, TrainingOrder order, string idempotencyKey, CancellationToken cancellationToken)
    {
        using var request = Request(job, order, idempotencyKey);
        return await door.AskAsync(request, Timeout.InfiniteTimeSpan, cancellationToken);
    }

    /// <summary>Begins a run. Exactly one of stream and refusal is set.</summary>
    /// <param name="requestId">Of its usage row.</param>
    public async Task<(RunStream? Stream, DoorAnswer? Refusal)> BeginAsync(
        Job job, TrainingOrder order, string idempotencyKey, Guid requestId, CancellationToken cancellationToken)
    {
        var client = clients.CreateClient(GatewayDoor.Client);
        using var request = Request(job, order, idempotencyKey);
        request.Headers.Add(WorkerHeaders.RequestId, requestId.ToString("N"));
        if (job.Runs.Trainer is { } trainer)
        {
            request.Headers.Add(WorkerHeaders.Worker, trainer);
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(options.Value.Silence);
        HttpResponseMessage? response = null;
        try
        {
            response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            if (response.IsSuccessStatusCode)
            {
                return (new RunStream(client, response, options.Value.Silence), null);
            }

            var refusal = await GatewayDoor.ReadAsync(response, patience.Token);
            response.Dispose();
            client.Dispose();
            return (null, refusal);
        }
        catch (Exception exception) when (GatewayDoor.IsFailure(exception))
        {
            response?.Dispose();
            client.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            return (null, DoorAnswer.None);
        }
    }

    private static HttpRequestMessage Request(Job job, TrainingOrder order, string idempotencyKey) => GatewayDoor.Request(
        PublicEndpoint.TrainingRuns.Path, job.KeyPublicId, idempotencyKey,
        JsonSerializer.SerializeToUtf8Bytes(order, ContractsJson.Default.TrainingOrder));
}
