using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tollgate.Accounts.Organizations;
using Tollgate.Contracts.Learning;

namespace Tollgate.Accounts.Learning;

/// <summary>
/// Calls Learning for the signed-in member's project. Learning answers another project's id like one that does not exist. What changes
/// something checks <see cref="Workspace.MayChangeProject"/> first: Learning knows no members.
/// </summary>
internal sealed partial class LearningClient(IHttpClientFactory clients, Workspace workspace, ILogger<LearningClient> logger)
{
    public const string Name = "learning";

    private const string IdFormat = "N";

    /// <summary>How long an answer in JSON may take. A validation report reads its whole file.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public Task<LearningAnswer<T>> GetAsync<T>(string path, JsonTypeInfo<T> json, CancellationToken cancellationToken)
        where T : class => SendAsync(HttpMethod.Get, path, null, null, json, cancellationToken);

    /// <summary>Sends a request whose answer is JSON.</summary>
    /// <param name="key">The key that it is done on behalf of; null for what no key runs.</param>
    public async Task<LearningAnswer<T>> SendAsync<T>(
        HttpMethod method, string path, HttpContent? content, RunKey? key, JsonTypeInfo<T> json, CancellationToken cancellationToken)
        where T : class
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(content is MultipartContent ? Timeout.InfiniteTimeSpan : Patience); // A file takes what its sender takes.
        try
        {
            using var response = await OpenAsync(method, path, content, key, patience.Token);
            return response.IsSuccessStatusCode
                ? new LearningAnswer<T>(await response.Content.ReadFromJsonAsync(json, patience.Token), null)
                : new LearningAnswer<T>(null, await LearningRefusal.ReadAsync(response, patience.Token));
        }
        catch (Exception exception) when (IsAway(exception, cancellationToken))
        {
            LogAway(logger, exception.Message);
            return new LearningAnswer<T>(null, LearningRefusal.Away);
        }
    }

    /// <summary>Sends a request and returns the answer as soon as its headers are there. The caller disposes it.</summary>
    /// <exception cref="HttpRequestException">Learning is away.</exception>
    public async Task<HttpResponseMessage> OpenAsync(
        HttpMethod method, string path, HttpContent? content, RunKey? key, CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(Name);
        using var request = new HttpRequestMessage(method, path)
        {
            Content = content,
            Headers =
            {
                { LearningHeaders.Organization, workspace.OrganizationId.ToString(IdFormat) },
                { LearningHeaders.Project, workspace.ProjectId.ToString(IdFormat) },
                { LearningHeaders.Key, key?.Id.ToString(IdFormat) ?? LearningHeaders.NoKey },
            },
        };
        if (key is not null)
        {
            request.Headers.Add(LearningHeaders.KeyPublicId, key.PublicId);
            request.Headers.Add(LearningHeaders.KeyScopes, key.Scopes is null ? LearningHeaders.AllScopes : string.Join(',', key.Scopes));
        }

        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    /// <summary>Whether a call failed because Learning is away, rather than because the member left or sent too much.</summary>
    public static bool IsAway(Exception exception, CancellationToken cancellationToken) =>
        exception is HttpRequestException { InnerException: not BadHttpRequestException } or JsonException
            or (IOException and not BadHttpRequestException)
        || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    [LoggerMessage(1, LogLevel.Information, "Learning did not answer: {Reason}")]
    private static partial void LogAway(ILogger logger, string reason);
}
