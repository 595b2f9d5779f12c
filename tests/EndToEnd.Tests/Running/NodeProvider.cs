using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.Processes;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Running;

/// <summary>A real OpenID Connect provider, npm's oidc-provider, as a process of its own.</summary>
internal sealed class NodeProvider : IAsyncDisposable
{
    public const string ClientId = "tollgate";

    /// <summary>Has characters that Basic authentication must escape.</summary>
    public const string ClientSecret = "a secret with / and +";

    private readonly ChildProcess _process;

    private NodeProvider(ChildProcess process, string issuer) => (_process, Issuer) = (process, issuer);

    public string Issuer { get; }

    /// <param name="redirectUri">The only address to which it sends people back.</param>
    public static async Task<NodeProvider> StartAsync(string redirectUri)
    {
        var port = FreePort.Next();
        var log = Path.Combine(TestFolder.Create("provider"), "log");
        var process = await ChildProcess.StartAsync(new ChildSpec(
            "provider", ["node", Path.Combine(SharedFiles.Repository, "tests", "EndToEnd.Tests", "clients", "oidc-provider.mjs")],
            new Dictionary<string, string> { ["TOLLGATE_PORT"] = $"{port}", ["TOLLGATE_REDIRECT_URI"] = redirectUri }, log));
        await Until.TrueAsync(
            () => File.Exists(log) && File.ReadAllText(log).Contains("ready", StringComparison.Ordinal) || process.HasExited,
            "the provider is ready", TimeSpan.FromSeconds(30));
        return new NodeProvider(process, $"http://localhost:{port}");
    }

    public async ValueTask DisposeAsync()
    {
        await _process.StopAsync(ChildSignal.Terminate, TimeSpan.FromSeconds(10));
        _process.Dispose();
    }
}
