using Microsoft.AspNetCore.Builder;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Workers;
using Tollgate.ServiceDefaults;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.ServiceDefaults.ServiceAuthentication;
using Tollgate.ServiceDefaults.Snapshots;
using Tollgate.Testing;

namespace Tollgate.Billing.Tests.Witness;

/// <summary>Accounts' directory of workers over HTTP, with its authentication, as a test publishes it.</summary>
internal sealed class DirectoryResponder(WebApplication app) : IAsyncDisposable
{
    public SnapshotPublisher<WorkerDirectory> Directory { get; } = new(ContractsJson.Default.WorkerDirectory, TimeProvider.System);

    public string Url => app.Url(ListenerKind.Internal);

    public static async Task<DirectoryResponder> StartAsync()
    {
        var builder = PlatformHost.CreateBuilder(
            ["--Listen:Internal=http://127.0.0.1:0", TestBearers.Argument("accounts")],
            typeof(DirectoryResponder).Assembly);
        builder.AddServiceDefaults();
        var app = builder.Build();
        var responder = new DirectoryResponder(app);
        app.MapInternal("/internal/workers", "billing").MapSnapshot("", responder.Directory);
        await app.StartAsync();
        return responder;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
