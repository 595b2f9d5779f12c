using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Learning;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Testing;

namespace Tollgate.Training.Tests.Jobs;

/// <summary>What came of a run: its events with their ids, and whether it ended well.</summary>
internal sealed record RunEvents(IReadOnlyList<(long Id, TrainingEvent Event)> Events, bool IsDone, string Text)
{
    public long LastId => Events.Count == 0 ? 0 : Events[^1].Id;
}

/// <summary>Calls a trainer as a gateway does.</summary>
internal sealed class TrainerClient(string url) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero })
    {
        BaseAddress = new Uri(url), Timeout = Timeout.InfiniteTimeSpan,
    };

    public async Task<TrainingPlan> PlanAsync(TrainingOrder order)
    {
        using var response = await SendAsync(order with { Stream = false, MostTokens = 0 }, Guid.NewGuid());
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync(ContractsJson.Default.TrainingPlan))!;
    }

    public Task<HttpResponseMessage> SendAsync(TrainingOrder order, Guid request)
    {
        var message = new HttpRequestMessage(HttpMethod.Post, PublicEndpoint.TrainingRuns.Path)
        {
            Headers = { Authorization = TestBearers.Header("gateway", "inference") },
            Content = new StringContent(
                JsonSerializer.Serialize(order, ContractsJson.Default.TrainingOrder), Encoding.UTF8, "application/json"),
        };
        message.Headers.Add(WorkerHeaders.RequestId, request.ToString("N"));
        message.Headers.Add(WorkerHeaders.Bound, new Units(0, Output: order.MostTokens).ToString());
        return _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>Runs a job until its stream ends, or as long as each event is wanted.</summary>
    public async Task<RunEvents> RunAsync(TrainingOrder order, Guid request, Func<TrainingEvent, Task>? onEvent = null)
    {
        var (events, id, text) = (new List<(long, TrainingEvent)>(), 0L, new StringBuilder());
        try
        {
            using var response = await SendAsync(order, request);
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
            while (await reader.ReadLineAsync() is { } line)
            {
                text.AppendLine(line);
                if (line.StartsWith("id: ", StringComparison.Ordinal))
                {
                    var next = long.Parse(line[4..]);
                    Assert.True(next >= id, text.ToString());
                    id = next;
                }
                else if (line == "data: [DONE]")
                {
                    return new RunEvents(events, true, text.ToString());
                }
                else if (line.StartsWith("data: {\"kind\"", StringComparison.Ordinal))
                {
                    var read = JsonSerializer.Deserialize(line["data: ".Length..], ContractsJson.Default.TrainingEvent)!;
                    events.Add((id, read));
                    await (onEvent?.Invoke(read) ?? Task.CompletedTask);
                }
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            text.AppendLine(exception.Message); // The trainer broke it off, or was killed.
        }

        return new RunEvents(events, false, text.ToString());
    }

    public async Task<Cancelled> CancelAsync(Guid request)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, $"/internal/requests/{request:N}/cancel")
        {
            Headers = { Authorization = TestBearers.Header("gateway", "inference") },
        };
        using var response = await _http.SendAsync(message);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync(ContractsJson.Default.Cancelled))!;
    }

    public async Task<WorkerStatus> StatusAsync()
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, "/internal/status")
        {
            Headers = { Authorization = TestBearers.Header("gateway", "inference") },
        };
        using var response = await _http.SendAsync(message);
        return (await response.Content.ReadFromJsonAsync(ContractsJson.Default.WorkerStatus))!;
    }

    public async Task<WitnessPage> WitnessAsync()
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, "/internal/witness")
        {
            Headers = { Authorization = TestBearers.Header("billing", "inference") },
        };
        using var response = await _http.SendAsync(message);
        return (await response.Content.ReadFromJsonAsync(ContractsJson.Default.WitnessPage))!;
    }

    public void Dispose() => _http.Dispose();
}
