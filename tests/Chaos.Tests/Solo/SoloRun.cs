using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Tollgate.Chaos.Tests.Load;
using Tollgate.Clusters;

namespace Tollgate.Chaos.Tests.Solo;

/// <summary>Requests of text models are answered alone, then in random mixes of many at once: each answer must be the same, character by
/// character and logarithm by logarithm.</summary>
internal sealed class SoloRun(TollgateCluster cluster, OperatorClient client, TimeProvider clock) : IDisposable
{
    private const int Organizations = 4;
    private const int MostAtOnce = 12;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromMinutes(2) };

    /// <param name="requests">Different requests, of which mixes are made.</param>
    public async Task<SoloReport> RunAsync(int requests, int rounds, int seed)
    {
        var keys = new List<CustomerKey>();
        while (keys.Count < Organizations)
        {
            var founding = new CustomerFounding(cluster, client, clock);
            keys.AddRange((await founding.FoundOneAsync($"solo-{keys.Count + 1}", 1_000m, [null])).Keys);
        }

        var random = new Random(seed);
        var drawn = Enumerable.Range(0, requests).Select(_ => SoloRequest.Draw(random)).ToArray();
        var alone = new string[requests];
        for (var i = 0; i < requests; i++)
        {
            alone[i] = await AskAsync(keys[0], drawn[i], 0);
        }

        List<string> faults = [];
        var answers = 0;
        for (var round = 0; round < rounds; round++)
        {
            var chosen = Enumerable.Range(0, random.Next(2, MostAtOnce + 1)).Select(_ => random.Next(requests)).ToArray();
            var mixed = await Task.WhenAll(chosen.Select((request, i) => AskAsync(keys[i % keys.Count], drawn[request], i)));
            answers += mixed.Length;
            faults.AddRange(chosen.Zip(mixed).Where(pair => pair.Second != alone[pair.First])
                .Select(pair => $"{drawn[pair.First].Kind}: {drawn[pair.First].Body}\nalone: {alone[pair.First]}\nmixed: {pair.Second}"));
        }

        return new SoloReport(seed, rounds, answers, drawn, alone, faults);
    }

    public void Dispose() => _http.Dispose();

    /// <summary>The normalized answer, with its status.</summary>
    private async Task<string> AskAsync(CustomerKey key, SoloRequest asked, int number)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, cluster.Api[number % cluster.Api.Count] + asked.Path)
        {
            Content = new StringContent(asked.Body, Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key.Text);
        using var response = await _http.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        return $"{(int)response.StatusCode} {SoloRequest.Normalize(body)}";
    }
}

/// <summary>The outcome; as text, the table that is printed.</summary>
/// <param name="Answers">Answers of mixes.</param>
/// <param name="Alone">The answers alone, one a request.</param>
/// <param name="Faults">Answers that were others in a mix.</param>
internal sealed record SoloReport(
    int Seed, int Rounds, int Answers, IReadOnlyList<SoloRequest> Requests, IReadOnlyList<string> Alone, IReadOnlyList<string> Faults)
{
    /// <summary>Requests that were not answered alone.</summary>
    public IReadOnlyList<string> Unanswered => [.. Requests.Zip(Alone)
        .Where(pair => !pair.Second.StartsWith("200", StringComparison.Ordinal))
        .Select(pair => $"{pair.First.Kind}: {pair.First.Body}\n{pair.Second}")];

    public override string ToString()
    {
        var text = new StringBuilder(string.Create(
            CultureInfo.InvariantCulture,
            $"seed {Seed}: {Requests.Count} requests alone, {Unanswered.Count} not answered; {Rounds} mixes with {Answers} answers, "
            + $"{Faults.Count} other than alone"));
        foreach (var kind in Requests.GroupBy(request => request.Kind).OrderBy(kind => kind.Key, StringComparer.Ordinal))
        {
            text.AppendLine().Append(CultureInfo.InvariantCulture, $"{kind.Key,-20} {kind.Count(),4}");
        }

        foreach (var fault in Unanswered.Concat(Faults).Take(5))
        {
            text.AppendLine().Append("BROKEN  ").Append(fault);
        }

        return text.ToString();
    }
}
