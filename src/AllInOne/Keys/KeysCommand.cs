using System.CommandLine;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;

namespace Tollgate.AllInOne.Keys;

/// <summary><c>tollgate keys create</c>: prints a new key alone on a line.</summary>
internal static class KeysCommand
{
    private static readonly Option<string> Name = new("--name") { Description = "What the key is for.", Required = true };
    private static readonly Option<long?> Rpm = Numbers.Optional("--rpm", "Most requests a minute.", 1, 1_000_000_000L);
    private static readonly Option<long?> Tpm =
        Numbers.Optional("--tpm", "Most tokens a minute, prompt and output together.", 1, 1_000_000_000L);
    private static readonly Option<decimal?> Budget =
        Numbers.Optional("--budget-usd", "Most US dollars in a calendar month (UTC).", 0.000001m, 1_000_000m);

    public static Command Create() => new("keys", "API keys of the operator's own project.")
    {
        new Command("create", "Makes a key and prints it; it is shown this once.") { Name, Rpm, Tpm, Budget }.Does(CreateAsync),
    };

    private static async Task<int> CreateAsync(ParseResult parsed, DataFolder data, CancellationToken cancellationToken)
    {
        var (client, endpoints) = OperatorClient.Connect(data);
        using (client)
        {
            var key = await client.PostAsync(
                "accounts",
                $"{endpoints.AccountsInternal}/internal/keys",
                new CreateOperatorKey(parsed.GetRequiredValue(Name), parsed.GetValue(Rpm), parsed.GetValue(Tpm), parsed.GetValue(Budget)),
                ContractsJson.Default.CreateOperatorKey,
                ContractsJson.Default.CreatedKey,
                cancellationToken);
            await Console.Out.WriteLineAsync(key.Text);
        }

        return 0;
    }
}
