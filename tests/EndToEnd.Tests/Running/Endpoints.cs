using System.Text.Json;

namespace Tollgate.EndToEnd.Tests.Running;

/// <summary>What <c>endpoints.json</c> says of the running parts.</summary>
/// <param name="Api">Base address without <c>/v1</c>.</param>
/// <param name="Postgres">Superuser's connection string on Tollgate's database.</param>
/// <param name="OperatorBearers">Path of the file that holds the operator's bearers; the other services' lie beside it.</param>
internal sealed record Endpoints(
    string Api, string Portal, string Mail, string GatewayInternal, string AccountsInternal, string BillingInternal,
    string LearningInternal, string WorkerInternal,
    string Stripe, string Postgres, string Redis, string OperatorBearers, ProcessIds Pids)
{
    /// <summary>What an OpenAI client is given as its base address.</summary>
    public string ApiBase => Api + "/v1";

    /// <summary>Reads the file anew: a part that was started again may have another process id.</summary>
    public static Endpoints Read(string dataFolder) =>
        JsonSerializer.Deserialize<Endpoints>(File.ReadAllText(Path.Combine(dataFolder, "endpoints.json")), JsonSerializerOptions.Web)
        ?? throw new InvalidOperationException("endpoints.json is empty.");
}

/// <summary>Process ids of the running parts.</summary>
internal sealed record ProcessIds(int AllInOne, int Postgres, int Redis, int Worker, int Trainer);
