using System.Net.Http.Json;
using System.Text.Json;
using Tollgate.Contracts.Administration;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Accounts.Tests.AdminApi;

/// <summary>Calls the admin API at the internal listener as a gateway does for a client with an admin key.</summary>
internal sealed class AdminApiClient(AccountsHost host, string key) : IDisposable
{
    private readonly HttpClient _http = host.ClientAs("gateway");

    public string Key => key;

    /// <summary>Makes an admin key by the page.</summary>
    public static async Task<AdminApiClient> CreateAsync(AccountsHost host, PortalBrowser owner, string name = "terraform") =>
        new(host, PortalBrowser.KeyTextOn(
            await owner.SubmitAsync("/organization/admin-keys/new", "new-admin-key", ("Input.Name", name))));

    public Task<AdminAnswer> GetAsync(string path) => SendAsync("GET", path);

    public Task<AdminAnswer> PostAsync(string path, object? body = null, string? idempotencyKey = null) =>
        SendAsync("POST", path, body, idempotencyKey);

    public Task<AdminAnswer> DeleteAsync(string path) => SendAsync("DELETE", path);

    /// <param name="path">Below <c>/v1/organization</c>.</param>
    public async Task<AdminAnswer> SendAsync(string method, string path, object? body = null, string? idempotencyKey = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), AdminRoutes.Prefix + path);
        request.Headers.Add(AdminHeaders.Key, key);
        request.Headers.Add(AdminHeaders.ClientAddress, "203.0.113.7");
        request.Headers.UserAgent.ParseAdd("terraform/1.9");
        if (idempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        }

        request.Content = body is null ? null : JsonContent.Create(body);
        using var response = await _http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return new AdminAnswer(
            (int)response.StatusCode, text.Length == 0 ? default : JsonElement.Parse(text),
            response.Headers.Contains("idempotency-replayed"));
    }

    public void Dispose() => _http.Dispose();
}

/// <summary>An answer of the admin API.</summary>
internal sealed record AdminAnswer(int Status, JsonElement Body, bool Replayed)
{
    public string? this[string member] => Body.GetProperty(member).ToString();

    /// <summary>The error: status, code and the member at fault; both null for an answer that is none.</summary>
    public (int Status, string? Code, string? Param) Error => Status != 200 && Body.TryGetProperty("error", out var error)
        ? (Status, error.GetProperty("code").GetString(), error.GetProperty("param").GetString()) : (Status, null, null);

    /// <summary>The ids of a list.</summary>
    public IReadOnlyList<string> Ids => Body.TryGetProperty("data", out var data)
        ? [.. data.EnumerateArray().Select(one => one.GetProperty("id").GetString()!)] : [];

    /// <summary>The answer itself, which must be no error.</summary>
    public AdminAnswer Succeeded()
    {
        Assert.True(Status == 200, $"{Status}: {Body}");
        return this;
    }
}
