using System.Text.Json;
using Tollgate.LocalServers;

namespace Tollgate.AllInOne;

/// <summary>Where the parts of a running installation are, for operators and scripts.
/// Written as <c>endpoints.json</c>, mode 0600.</summary>
/// <param name="Api">Base address of the API, without <c>/v1</c>.</param>
/// <param name="Portal">Base address of the portal.</param>
/// <param name="Mail">Page that shows the mail that was sent, with the token that opens it; null where mail goes to a mail server or nowhere.</param>
/// <param name="Stripe">Base address of the stand-in for Stripe; null with a real one.</param>
/// <param name="Postgres">Superuser's connection string on Tollgate's database.</param>
/// <param name="Redis">Connection string in StackExchange.Redis' form.</param>
/// <param name="OperatorBearers">Path of the file that holds the operator's bearers.</param>
/// <param name="Pids">Process ids; null for a server that is not ours.</param>
public sealed record Endpoints(
    string Api, string Portal, string? Mail, string GatewayInternal, string AccountsInternal, string BillingInternal, string WorkerInternal,
    string? Stripe, string Postgres, string Redis, string OperatorBearers, ProcessIds Pids)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public void Write(DataFolder data) => OwnerOnly.Write(data.EndpointsFile, JsonSerializer.Serialize(this, Json) + "\n");

    /// <summary>Whether the installation of <paramref name="data"/> runs at this moment.</summary>
    public static bool IsRunning(DataFolder data) => Read(data) is { } endpoints && Up.ProcessIdentity.IsRunning(endpoints.Pids.AllInOne);

    /// <summary>Reads what the last start wrote; null when there is none.</summary>
    public static Endpoints? Read(DataFolder data) => File.Exists(data.EndpointsFile)
        ? JsonSerializer.Deserialize<Endpoints>(File.ReadAllText(data.EndpointsFile), Json)
        : null;
}

/// <summary>Process ids of the parts.</summary>
public sealed record ProcessIds(int AllInOne, int? Postgres, int? Redis, int? Worker);
