using System.Net.Http.Json;
using System.Text.Json;
using Tollgate.Benchmarks.Memory;
using Tollgate.Contracts.Workers;

namespace Tollgate.Benchmarks.Engine;

/// <summary>Streamed completions of a worker over HTTP, as a gateway asks for them. The worker is not owned.</summary>
internal sealed class WorkerStreams(MeasuredWorker worker, string model) : IStreams
{
    public async Task RunAsync(Prompt prompt, Action? came, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions")
        {
            Content = JsonContent.Create(new
            {
                model, prompt = prompt.Ids, max_tokens = prompt.Tokens, temperature = 0, ignore_eos = true, stream = true,
                stream_options = new { include_usage = true },
            }),
            Headers =
            {
                { WorkerHeaders.RequestId, Guid.NewGuid().ToString("N") },
                { WorkerHeaders.Attempt, "1" },
                { WorkerHeaders.Organization, prompt.Organization.ToString("N") },
            },
        };
        using var answer = await worker.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        answer.EnsureSuccessStatusCode();
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(cancellationToken));
        var tokens = 0;
        while (await lines.ReadLineAsync(cancellationToken) is { } line)
        {
            if (!line.StartsWith("data: {", StringComparison.Ordinal))
            {
                continue;
            }

            came?.Invoke();
            if (line.Contains("\"usage\":{", StringComparison.Ordinal))
            {
                using var document = JsonDocument.Parse(line["data: ".Length..]);
                tokens = document.RootElement.GetProperty("usage").GetProperty("completion_tokens").GetInt32();
            }
        }

        if (tokens != prompt.Tokens)
        {
            throw new InvalidOperationException($"The worker gave {tokens} tokens instead of {prompt.Tokens}.");
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
