using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Tollgate.Cli.Data;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Cli.Commands;

/// <summary>Calls the services of an installation as the operator.</summary>
public sealed class OperatorClient : IDisposable
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly OperatorAccess _access;
    private readonly ServiceTokens _tokens;

    /// <exception cref="OptionsValidationException">The bearers cannot be read.</exception>
    public OperatorClient(OperatorAccess access)
    {
        _access = access;
        _tokens = new ServiceTokens(Options.Create(new ClusterOptions { Bearers = access.Bearers }));
    }

    /// <summary>Connects to the running installation of <paramref name="data"/>.</summary>
    /// <exception cref="OperatorException">No installation is running.</exception>
    public static OperatorClient Connect(DataFolder data) => Endpoints.IsRunning(data)
        ? Connect(Endpoints.Read(data)!)
        : throw new OperatorException($"No Tollgate is running on {data.Root}. Start it with: ./tollgate up --data {data.Root}");

    /// <summary>Connects to a running installation of this machine.</summary>
    public static OperatorClient Connect(Endpoints endpoints) => new(OperatorAccess.Of(endpoints));

    /// <summary>Sends a POST to a service and reads its answer.</summary>
    /// <exception cref="OperatorException">The service refused or did not answer.</exception>
    public async Task<TAnswer> PostAsync<TRequest, TAnswer>(
        string service, string path, TRequest body, JsonTypeInfo<TRequest> requestJson, JsonTypeInfo<TAnswer> answerJson,
        CancellationToken cancellationToken)
    {
        using var response = await SendAsync(service, HttpMethod.Post, path, JsonContent.Create(body, requestJson), cancellationToken);
        return await ReadAsync(service, response, answerJson, cancellationToken);
    }

    /// <summary>Sends a GET to a service and reads its answer.</summary>
    /// <exception cref="OperatorException">The service refused or did not answer.</exception>
    public async Task<TAnswer> GetAsync<TAnswer>(
        string service, string path, JsonTypeInfo<TAnswer> answerJson, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(service, HttpMethod.Get, path, null, cancellationToken);
        return await ReadAsync(service, response, answerJson, cancellationToken);
    }

    /// <summary>Sends a request to a service and returns its successful response.</summary>
    /// <exception cref="OperatorException">The service refused or did not answer.</exception>
    public async Task<HttpResponseMessage> SendAsync(
        string service, HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        var response = await AskAsync(service, method, path, content, cancellationToken);
        await RequireSuccessAsync(service, response, cancellationToken);
        return response;
    }

    /// <summary>Sends a request to a service and returns its response, including a refusal.</summary>
    /// <exception cref="OperatorException">The service did not answer, or does not accept the operator's bearer.</exception>
    public async Task<HttpResponseMessage> AskAsync(
        string service, HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        var address = _access.AddressOf(service);
        using var request = new HttpRequestMessage(method, address + path) { Content = content };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _tokens.For(service));
        try
        {
            var response = await _http.SendAsync(request, cancellationToken);
            if (response.StatusCode == HttpStatusCode.Unauthorized)
            {
                response.Dispose();
                throw new OperatorException(
                    $"{service} at {address} refuses the operator's bearer: {_access.BearersFrom} is of another installation.");
            }

            return response;
        }
        catch (HttpRequestException exception)
        {
            throw new OperatorException($"{service} at {address} does not answer: {exception.Message}", exception);
        }
        catch (TaskCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new OperatorException($"{service} at {address} did not answer within {_http.Timeout.TotalSeconds:0} s.", exception);
        }
    }

    /// <summary>Throws for a refusal, after disposing of the response.</summary>
    /// <exception cref="OperatorException">The service refused; the message contains its reasons.</exception>
    public async Task RequireSuccessAsync(string service, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (!response.IsSuccessStatusCode)
        {
            using (response)
            {
                var faults = await ReadFaultsAsync(response, cancellationToken);
                throw new OperatorException(faults.Count > 0
                    ? string.Join(Environment.NewLine, faults.Select(fault => string.Join(
                        ": ", new[] { service, fault.Member, fault.Text }.Where(part => part.Length > 0))))
                    : $"{service} at {_access.AddressOf(service)} answered {(int)response.StatusCode}. Is this its internal listener?");
            }
        }
    }

    /// <summary>Reads the faults in a service's refusal: by member, or with an empty member for the whole request.</summary>
    public static async Task<IReadOnlyList<(string Member, string Text)>> ReadFaultsAsync(
        HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentType?.MediaType != "application/problem+json")
        {
            return [];
        }

        var problem = (await response.Content.ReadFromJsonAsync<HttpValidationProblemDetails>(cancellationToken))!;
        return problem.Errors.Count > 0
            ? [.. problem.Errors.SelectMany(error => error.Value.Select(text => (error.Key, text)))]
            : [("", problem.Detail ?? problem.Title ?? $"{(int)response.StatusCode}")];
    }

    public void Dispose() => _http.Dispose();

    private static async Task<TAnswer> ReadAsync<TAnswer>(
        string service, HttpResponseMessage response, JsonTypeInfo<TAnswer> json, CancellationToken cancellationToken) =>
        await response.Content.ReadFromJsonAsync(json, cancellationToken) ?? throw new OperatorException($"{service} answered nothing.");
}
