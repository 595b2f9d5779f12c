using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Tollgate.Testing;

namespace Tollgate.Clusters;

/// <summary>Calls <c>/v1/files</c>, <c>/v1/batches</c>, <c>/v1/responses</c> and <c>/v1/fine_tuning</c> while parts come and go: it asks
/// again until there is an answer.</summary>
public sealed class LearningApi(string api, string key, TimeSpan patience) : IDisposable
{
    private readonly HttpClient _http = new()
    {
        BaseAddress = new Uri(api),
        Timeout = TimeSpan.FromSeconds(30),
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", key) },
    };

    /// <summary>Sends a file of JSONL. Returns its id.</summary>
    public async Task<string> SendAsync(string lines, string purpose) => Id(await AskAsync(() => new HttpRequestMessage(
        HttpMethod.Post, "/v1/files")
    {
        Content = new MultipartFormDataContent
        {
            { new StringContent(purpose), "purpose" },
            { new ByteArrayContent(Encoding.UTF8.GetBytes(lines)), "file", "lines.jsonl" },
        },
    }));

    /// <summary>Makes a batch, a job or a response, or pauses, resumes or cancels one. Returns its id.</summary>
    /// <param name="order">JSON.</param>
    /// <param name="idempotencyKey">Of what must not be made twice where an answer was lost; null for none.</param>
    public async Task<string> CreateAsync(string path, string order, string? idempotencyKey = null) => Id(await AskAsync(() =>
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(order, Encoding.UTF8, "application/json"),
        };
        if (idempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        }

        return request;
    }));

    /// <summary>A batch, a job, or what belongs to one.</summary>
    public async Task<JsonElement> ShowAsync(string path) =>
        JsonElement.Parse(await AskAsync(() => new HttpRequestMessage(HttpMethod.Get, path)));

    /// <summary>Lines of a file of a batch; none without a file.</summary>
    /// <param name="member"><c>output_file_id</c> or <c>error_file_id</c>.</param>
    public async Task<IReadOnlyList<JsonElement>> ReadAsync(JsonElement batch, string member) =>
        batch.GetProperty(member).GetString() is not { } file ? []
            :
            [
                .. (await AskAsync(() => new HttpRequestMessage(HttpMethod.Get, $"/v1/files/{file}/content")))
                    .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line)),
            ];

    public void Dispose() => _http.Dispose();

    private static string Id(string answer) => JsonElement.Parse(answer).GetProperty("id").GetString()!;

    private Task<string> AskAsync(Func<HttpRequestMessage> make) => Until.ValueAsync(
        async () =>
        {
            try
            {
                using var request = make();
                using var response = await _http.SendAsync(request);
                var text = await response.Content.ReadAsStringAsync();
                return (int)response.StatusCode switch
                {
                    200 => text,
                    >= 500 or 429 => null,
                    var status => throw new InvalidOperationException($"{request.RequestUri}: {status} {text}"),
                };
            }
            catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
            {
                return null;
            }
        },
        "the API answers", patience);
}
