using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Tollgate.Contracts.Federated;
using Tollgate.FederatedKit.Identity;

namespace Tollgate.FederatedKit.Wire;

/// <summary>The routes of one training. Repeats what does not arrive.</summary>
internal sealed class FederatedApi(HttpClient http, string job, TimeSpan pause)
{
    /// <summary>Refusals after which a participant waits for the next step: its message came before, or the others went on.</summary>
    private static readonly string[] Harmless = ["replayed_message", "late_message", "not_in_round", "federated_job_ended"];

    private string Training => $"v1/fine_tuning/federated/{Uri.EscapeDataString(job)}";

    /// <summary>A client of an API.</summary>
    /// <param name="address">Such as <c>https://api.example.com</c>.</param>
    public static HttpClient Client(Uri address, string key, HttpMessageHandler handler) => new(handler)
    {
        BaseAddress = address,
        Timeout = TimeSpan.FromMinutes(2),
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", key) },
    };

    /// <summary>Where the training is, as a participant sees it.</summary>
    public Task<FederatedRound> RoundAsync(int participant, CancellationToken cancellationToken) => AskAsync(
        () => new HttpRequestMessage(HttpMethod.Get, $"{Training}/round?participant={participant}"),
        async answer => (await answer.Content.ReadFromJsonAsync(FederatedJson.Default.FederatedRound, cancellationToken))!,
        cancellationToken);

    /// <summary>What a training that succeeded has made.</summary>
    public Task<FederatedResult> ResultAsync(CancellationToken cancellationToken) => AskAsync(
        () => new HttpRequestMessage(HttpMethod.Get, $"{Training}/result"),
        async answer => (await answer.Content.ReadFromJsonAsync(FederatedJson.Default.FederatedResult, cancellationToken))!,
        cancellationToken);

    /// <summary>Sends a message.</summary>
    /// <returns>The code of a harmless refusal; null when the message was taken.</returns>
    public Task<string?> SendAsync(FederatedMessage message, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(message, FederatedJson.Default.FederatedMessage);
        return AskAsync(
            () => new HttpRequestMessage(HttpMethod.Post, $"{Training}/messages")
            {
                Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
            },
            _ => Task.FromResult<string?>(null), cancellationToken, code => Harmless.Contains(code) ? code : null);
    }

    private async Task<T> AskAsync<T>(
        Func<HttpRequestMessage> ask, Func<HttpResponseMessage, Task<T>> read, CancellationToken cancellationToken,
        Func<string?, T?>? onRefusal = null)
    {
        while (true)
        {
            try
            {
                using var request = ask();
                using var answer = await http.SendAsync(request, cancellationToken);
                if (answer.IsSuccessStatusCode)
                {
                    return await read(answer);
                }

                if ((int)answer.StatusCode < 500 && answer.StatusCode != HttpStatusCode.TooManyRequests)
                {
                    var (code, message) = await ErrorAsync(answer, cancellationToken);
                    return onRefusal is not null && onRefusal(code) is { } harmless
                        ? harmless
                        : throw new KitException($"The API refused with {(int)answer.StatusCode} {code}: {message}");
                }
            }
            catch (Exception exception) when (exception is HttpRequestException
                || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                await Console.Error.WriteLineAsync($"The API did not answer ({exception.Message}); it is asked again.");
            }

            await Task.Delay(pause, TimeProvider.System, cancellationToken);
        }
    }

    private static async Task<(string? Code, string Message)> ErrorAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        try
        {
            var error = JsonElement.Parse(text).GetProperty("error");
            return (error.GetProperty("code").GetString(), error.GetProperty("message").GetString() ?? text);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return (null, text);
        }
    }
}
