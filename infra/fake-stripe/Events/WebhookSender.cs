using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.FakeStripe.State;

namespace Tollgate.FakeStripe.Events;

/// <summary>
/// Delivers events with Stripe's signature until the receiver answers 2xx, at most 12 times, with pauses that double. A restart sends
/// undelivered events again.
/// </summary>
internal sealed partial class WebhookSender(
    StripeState state, IHttpClientFactory http, IOptions<FakeStripeOptions> options, TimeProvider clock, ILogger<WebhookSender> logger)
    : BackgroundService
{
    private const int MostTries = 12;
    private readonly Channel<string> _queue = Channel.CreateUnbounded<string>();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _firstTries = new();

    /// <summary>Queues an event. The task completes after its first delivery, successful or not.</summary>
    public Task Queue(string id, string body)
    {
        if (options.Value.WebhookUrl.Length == 0)
        {
            return Task.CompletedTask;
        }

        var first = _firstTries[id] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _queue.Writer.TryWrite(body);
        return first.Task;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.WebhookUrl.Length == 0)
        {
            return;
        }

        var undelivered = await state.ChangeAsync(
            () => state.Events.Where(one => one!["pending_webhooks"]!.GetValue<int>() > 0).Select(one => one!.ToJsonString()).ToList(),
            stoppingToken);
        foreach (var body in undelivered)
        {
            _queue.Writer.TryWrite(body);
        }

        try
        {
            await foreach (var body in _queue.Reader.ReadAllAsync(stoppingToken))
            {
                _ = DeliverAsync(body, stoppingToken); // Delivers events independently, as Stripe promises no order.
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return; // The state keeps the undelivered events.
        }
    }

    private async Task DeliverAsync(string body, CancellationToken cancellationToken)
    {
        var id = System.Text.Json.Nodes.JsonNode.Parse(body)!["id"]!.GetValue<string>();
        var pause = options.Value.RetryPause;
        for (var attempt = 1; attempt <= MostTries && !cancellationToken.IsCancellationRequested; attempt++, pause *= 2)
        {
            var delivered = await TryAsync(id, body, cancellationToken);
            if (_firstTries.TryRemove(id, out var first))
            {
                first.SetResult();
            }

            if (delivered)
            {
                await state.ChangeAsync(() => MarkDelivered(id), cancellationToken);
                return;
            }

            await Task.Delay(pause, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private bool MarkDelivered(string id)
    {
        if (state.Events.FirstOrDefault(one => one!["id"]!.GetValue<string>() == id) is { } delivered)
        {
            delivered["pending_webhooks"] = 0;
        }

        return true;
    }

    private async Task<bool> TryAsync(string id, string body, CancellationToken cancellationToken)
    {
        try
        {
            var time = clock.GetUtcNow().ToUnixTimeSeconds();
            using var client = http.CreateClient("webhook");
            using var request = new HttpRequestMessage(HttpMethod.Post, options.Value.WebhookUrl);
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = new("application/json") { CharSet = "utf-8" };
            request.Headers.TryAddWithoutValidation("Stripe-Signature", $"t={time},v1={Sign(options.Value.WebhookSecret, time, body)}");
            using var response = await client.SendAsync(request, cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                return true;
            }

            LogRefused(logger, id, (int)response.StatusCode);
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            LogUnreachable(logger, id, exception.Message);
        }

        return false;
    }

    private static string Sign(string secret, long time, string body) => Convert.ToHexStringLower(
        HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{time}.{body}")));

    [LoggerMessage(1, LogLevel.Information, "Event {EventId} was answered with {Status}; it is sent again later.")]
    private static partial void LogRefused(ILogger logger, string eventId, int status);

    [LoggerMessage(2, LogLevel.Information, "Event {EventId} could not be delivered; it is sent again later: {Reason}")]
    private static partial void LogUnreachable(ILogger logger, string eventId, string reason);
}
