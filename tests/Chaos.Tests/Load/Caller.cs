using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;

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


    /// <summary>Never throws for what happens on the way; the record says it.</summary>
    public async Task CallAsync(CallPlan plan, CallRecord record, CancellationToken stop)
    {
        using var patience = new CancellationTokenSource(Patience, clock);
        using var leave = new CancellationTokenSource(plan.LeaveAfter ?? Timeout.InfiniteTimeSpan, clock);
        using var all = CancellationTokenSource.CreateLinkedTokenSource(stop, patience.Token, leave.Token);
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
        var request = new HttpRequestMessage(HttpMethod.Post, address + plan.Path) { Content = plan.MakeContent() };
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
        record.ErrorCode = ErrorCode(text);
        record.Detail = text;
        record.End = CallEnd.Refused;
    }

    private static async Task ReadWholeAsync(HttpResponseMessage response, CallRecord record, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        record.Usage = AnswerUnits.OfWhole(body);
        record.Received = (record.Usage ?? default) with { Input = 0 };
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
        if (data.StartsWith("{\"error\"", StringComparison.Ordinal))
        {
            (record.ErrorCode, record.Detail, record.End) = (ErrorCode(data), data, CallEnd.ErrorFrame);
            return true;
        }

        if (data != "[DONE]" && AnswerUnits.PictureOf(data) is { } picture)
        {
            pictures.Add(picture); // Counted here too: an id below the pictures that came would let them be billed too low.
        }

        (record.Received, record.ReceivedAnything) = (counted with { Images = Math.Max(counted.Images, pictures.Count) }, true);
        if (data == "[DONE]")
        {
            record.End = CallEnd.Whole;
            return true;
        }

        record.Usage = AnswerUnits.OfEvent(data) is { } usage ? usage with { Images = pictures.Count } : record.Usage;
        return false;
    }

    private static string? ErrorCode(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var error = document.RootElement.GetProperty("error");
            return error.GetProperty("code").GetString() ?? error.GetProperty("type").GetString();
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return "not OpenAI's shape";
        }
    }
}
