using System.Text.Json;
using Tollgate.LocalServers;

namespace Tollgate.Cli.Data;

/// <summary>Addresses of a running installation, for operators and scripts. Written as <c>endpoints.json</c> with mode 0600.</summary>
/// <param name="Api">Base address of the API, without <c>/v1</c>.</param>
/// <param name="Portal">Base address of the portal.</param>
/// <param name="Mail">Page with the sent mail, including its token; null when mail goes to a mail server or nowhere.</param>
/// <param name="Stripe">Base address of the fake Stripe; null with the real one.</param>
/// <param name="Postgres">The superuser's connection string for Tollgate's database.</param>
/// <param name="Redis">Connection string in StackExchange.Redis' format.</param>
/// <param name="OperatorBearers">Path of the operator's bearer file.</param>
/// <param name="Pids">Process ids; null for a server that the operator runs.</param>
public sealed record Endpoints(
    string Api, string Portal, string? Mail, string GatewayInternal, string AccountsInternal, string BillingInternal,
    string LearningInternal, string WorkerInternal, string? Stripe, string Postgres, string Redis, string OperatorBearers, ProcessIds Pids)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public void Write(DataFolder data) => OwnerOnly.Write(data.EndpointsFile, JsonSerializer.Serialize(this, Json) + "\n");

    /// <summary>Whether the installation of <paramref name="data"/> is running now.</summary>
    public static bool IsRunning(DataFolder data) => Read(data) is { } endpoints && ProcessIdentity.IsRunning(endpoints.Pids.AllInOne);

    /// <summary>Reads the file of the last start; null when there is none.</summary>
    public static Endpoints? Read(DataFolder data) => File.Exists(data.EndpointsFile)
        ? JsonSerializer.Deserialize<Endpoints>(File.ReadAllText(data.EndpointsFile), Json)
        : null;
}

/// <summary>Process ids of an installation.</summary>
public sealed record ProcessIds(int AllInOne, int? Postgres, int? Redis, int? Worker, int? Trainer);
