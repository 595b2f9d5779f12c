using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Tollgate.Clusters;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Testing;

namespace Tollgate.Chaos.Tests.Load;

/// <summary>Makes calls as a customer's program would, and as the service that runs batches, and writes down what it sees.
/// Thread-safe.</summary>
/// <param name="learning">Bearer of that service for gateways; null where no call is a line of a batch.</param>
internal sealed class Caller(TimeProvider clock, string? learning = null) : IDisposable
{
    /// <summary>Longer than any pause that a gateway makes, shorter than a client's patience.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);
    private readonly HttpClient _http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5) })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Waits until each gateway has answered a call of each kind.</summary>
    /// <param name="key">Of a customer with money.</param>
    /// <param name="most">For each call.</param>
    public async Task AnswerFromEachAsync(TollgateCluster cluster, CustomerKey key, TimeSpan most)
    {
        foreach (var (gateway, plan) in cluster.Api.SelectMany(gateway => CallKind.All.Select(kind => (gateway, kind.Sample()))))
        {
            await Until.TrueAsync(
                async () =>
                {
                    var call = new CallRecord { Number = 0, Key = key, Gateway = gateway, Kind = plan.Kind, StartedAt = clock.GetUtcNow() };
                    await CallAsync(plan, call, CancellationToken.None);
                    return call.Status == 200;
                },
                $"{gateway} answers {plan.Kind}", most);
        }
    }

    /// <summary>Never throws for what happens on the way; the record says it.</summary>
    public async Task CallAsync(CallPlan plan, CallRecord record, CancellationToken stop)
    {
        using var patience = new CancellationTokenSource(Patience, clock);
        using var leave = new CancellationTokenSource(plan.LeaveAfter ?? Timeout.InfiniteTimeSpan, clock);
        using var all = CancellationTokenSource.CreateLinkedTokenSource(stop, patience.Token, leave.Token);
        record.Sent = plan.Sent;
        try
        {
            using var request = MakeRequest(plan, record);
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, all.Token);
            record.End = CallEnd.Broken;
            ReadHead(response, record);
            await (record.Status != 200 ? ReadErrorAsync(response, record, all.Token)
                : plan.Stream ? ReadStreamAsync(response, plan, record, all.Token)
                : ReadWholeAsync(response, record, all.Token));
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            record.Detail = exception.Message;
            record.End = leave.IsCancellationRequested ? CallEnd.Left : record.End;
        }

        record.EndedAt = clock.GetUtcNow();
    }

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage MakeRequest(CallPlan plan, CallRecord record)
    {
        var address = record.InternalGateway is { } inside ? inside + InternalCalls.Prefix : record.Gateway;
        var request = new HttpRequestMessage(HttpMethod.Post, address + plan.Url) { Content = plan.MakeContent() };
        request.Headers.Authorization = new AuthenticationHeaderValue(
            "Bearer", record.InternalGateway is null ? record.Key.Text : learning);
        if (plan.IdempotencyKey is { } key)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        if (record.InternalGateway is not null)
        {
            request.Headers.Add(InternalCalls.KeyHeader, record.Key.PublicId);
            request.Headers.Add(WorkerHeaders.ServiceClass, ServiceClass.Batch.Name());
        }

        return request;
    }

    private static void ReadHead(HttpResponseMessage response, CallRecord record)
    {
        record.Status = (int)response.StatusCode;
        record.SaysWhenToRetry = response.Headers.RetryAfter is not null;
        record.RequestId = ReadId(response, "x-request-id");
        record.ReplayOf = ReadId(response, "x-tollgate-original-request-id");
    }

    private static Guid? ReadId(HttpResponseMessage response, string header) =>
        response.Headers.TryGetValues(header, out var ids)
            && ids.First() is { Length: 36 } id && id.StartsWith("req_", StringComparison.Ordinal)
            ? Guid.ParseExact(id.AsSpan(4), "N")
            : null;

    private static async Task ReadErrorAsync(HttpResponseMessage response, CallRecord record, CancellationToken cancellationToken)
    {
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        record.ErrorCode = response.Headers.TryGetValues("x-tollgate-error", out var codes) ? codes.First() : ErrorCode(text);
        record.Detail = text;
        record.End = CallEnd.Refused;
    }

    private static async Task ReadWholeAsync(HttpResponseMessage response, CallRecord record, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        record.Usage = AnswerUnits.OfWhole(body);
        record.Received = (record.Usage ?? default) with { Input = 0, Cached = 0 };
        record.ReceivedAnything = true;
        record.End = CallEnd.Whole;
    }

    /// <summary>Only what arrived with the empty line at its end has been received.</summary>
    private static async Task ReadStreamAsync(
        HttpResponseMessage response, CallPlan plan, CallRecord record, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken), Encoding.UTF8);
        var (id, data, events, pictures) = (0L, "", 0, new HashSet<int>());
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                id = long.Parse(line.AsSpan(4), System.Globalization.CultureInfo.InvariantCulture);
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                data = line[6..];
            }
            else if (line.Length == 0 && TakeEvent(data, plan.Counted(id), pictures, record))
            {
                return;
            }
            else if (line.Length == 0 && ++events == plan.LeaveAfterEvents)
            {
                record.End = CallEnd.Left;
                return; // Disposing the answer resets its connection.
            }
        }

        record.End = CallEnd.CutShort;
    }

    /// <summary>True when it was the last one.</summary>
    /// <param name="counted">What the stream counts up to and including the event.</param>
    /// <param name="pictures">Indexes of the pictures of which anything came.</param>
    private static bool TakeEvent(string data, Units counted, HashSet<int> pictures, CallRecord record)
    {
        if (data.StartsWith("{\"error\"", StringComparison.Ordinal) || IsOf(data, "error", "response.failed"))
        {
            (record.ErrorCode, record.Detail, record.End) = (ErrorCode(data), data, CallEnd.ErrorFrame);
            return true;
        }

        var isLast = data is "[DONE]" or "{\"type\":\"message_stop\"}";
        if (!isLast && AnswerUnits.PictureOf(data) is { } picture)
        {
            pictures.Add(picture); // Counted here too: an id below the pictures that came would let them be billed too low.
        }

        (record.Received, record.ReceivedAnything) = (counted with { Images = Math.Max(counted.Images, pictures.Count) }, true);
        if (isLast)
        {
            record.End = CallEnd.Whole;
            return true;
        }

        record.Usage = AnswerUnits.OfEvent(data) is { } usage ? usage with { Images = pictures.Count } : record.Usage;
        if (IsOf(data, "response.completed", "response.incomplete"))
        {
            record.End = CallEnd.Whole;
            return true;
        }

        return false;
    }

    /// <summary>Whether an event of a response is of one of some types.</summary>
    private static bool IsOf(string data, params ReadOnlySpan<string> types)
    {
        foreach (var type in types)
        {
            if (data.StartsWith($"{{\"type\":\"{type}\",", StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    private static string? ErrorCode(string json)
    {
        try
        {
            var root = JsonElement.Parse(json);
            if (root.TryGetProperty("error", out _))
            {
                var error = SentError.Read(root);
                return error.Code ?? error.Type;
            }

            var failed = root.TryGetProperty("response", out var response) ? response.GetProperty("error") : root;
            return failed.GetProperty("code").GetString() ?? failed.GetProperty("type").GetString();
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return "neither OpenAI's shape nor Anthropic's";
        }
    }
}
