using System.Net.Http.Headers;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Options;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.AllInOne;

/// <summary>A request of an operator could not be carried out; the message is for the terminal.</summary>
public sealed class OperatorException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Speaks to the services of a running installation as the operator.</summary>
public sealed class OperatorClient : IDisposable
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly ServiceTokens _tokens;

    /// <param name="bearers">Text of the operator's bearer file.</param>
    public OperatorClient(string bearers)
    {
        _tokens = new ServiceTokens(Options.Create(new ClusterOptions { Bearers = bearers }));
    }

    /// <summary>The running installation of <paramref name="data"/>.</summary>
    /// <exception cref="OperatorException">None is running.</exception>
    public static (OperatorClient Client, Endpoints Endpoints) Connect(DataFolder data)
    {
        if (!Endpoints.IsRunning(data))
        {
            throw new OperatorException($"No Tollgate is running on {data.Root}. Start it with: ./tollgate up --data {data.Root}");
        }

        var endpoints = Endpoints.Read(data)!;
        return (new OperatorClient(File.ReadAllText(endpoints.OperatorBearers)), endpoints);
    }

    /// <summary>POSTs to a service and reads its answer.</summary>
    /// <exception cref="OperatorException">It refused, or did not answer.</exception>
    public async Task<TAnswer> PostAsync<TRequest, TAnswer>(
        string service, string url, TRequest body, JsonTypeInfo<TRequest> requestJson, JsonTypeInfo<TAnswer> answerJson,
        CancellationToken cancellationToken)
    {
        using var response = await SendAsync(service, HttpMethod.Post, url, JsonContent.Create(body, requestJson), cancellationToken);
        return await response.Content.ReadFromJsonAsync(answerJson, cancellationToken)
            ?? throw new OperatorException($"{service} answered nothing.");
    }

    /// <summary>GETs from a service.</summary>
    /// <exception cref="OperatorException">It refused, or did not answer.</exception>
    public async Task<TAnswer> GetAsync<TAnswer>(
        string service, string url, JsonTypeInfo<TAnswer> answerJson, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(service, HttpMethod.Get, url, null, cancellationToken);
        return await response.Content.ReadFromJsonAsync(answerJson, cancellationToken)
            ?? throw new OperatorException($"{service} answered nothing.");
    }

    /// <summary>Sends to a service and hands back its answer, which is a success.</summary>
    /// <exception cref="OperatorException">It refused, or did not answer.</exception>
    public async Task<HttpResponseMessage> SendAsync(
        string service, HttpMethod method, string url, HttpContent? content, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, url) { Content = content };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _tokens.For(service));
        try
        {
            var response = await _http.SendAsync(request, cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                var text = await response.Content.ReadAsStringAsync(cancellationToken);
                response.Dispose();
                throw new OperatorException($"{service} answered {(int)response.StatusCode}: {text}");
            }

            return response;
        }
        catch (HttpRequestException exception)
        {
            throw new OperatorException($"{service} does not answer: {exception.Message}", exception);
        }
    }

    public void Dispose() => _http.Dispose();
}
