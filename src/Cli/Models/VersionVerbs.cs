using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net.Http.Json;
using Tollgate.Cli.Commands;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Workers;

namespace Tollgate.Cli.Models;

/// <summary><c>tollgate models versions|weights|shadow|load|unload|clear|canary|promote|rollback|history</c>: what is served of the
/// models that are installed. Accounts has the rules.</summary>
internal static class VersionVerbs
{
    private static readonly Argument<string> Name = new("NAME") { Description = "The model's real name, as list shows it." };
    private static readonly Argument<string?> AnyName = new("NAME")
    {
        Description = "The model's real name. Default: every model.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Argument<string> Version = new("VERSION") { Description = "As versions shows it." };
    private static readonly Argument<Dictionary<string, int>> Weights = new("VERSION=WEIGHT")
    {
        Description = "Parts of the sum of all weights. 0 keeps a version in memory without requests; one that is not named gets none.",
        Arity = ArgumentArity.OneOrMore,
        CustomParser = ReadWeights,
    };

    private static readonly Argument<int> Percent = new("PERCENT")
    {
        Description = "Share of the model's requests that are copied, 0 to 100; 0 ends it.",
        CustomParser = result => ReadWhole(result, "PERCENT", result.Tokens[0].Value, 0, 100),
    };

    private static readonly Option<int?> Share =
        Numbers.Optional("--share", "First share of the new version, percent. Default: the first of --steps.", 1, 100);
    private static readonly Option<int[]> Steps = new("--steps")
    {
        Description = "Shares of the new version, percent, rising. Those up to --share are left out. Default: 5 25 50 100.",
        AllowMultipleArgumentsPerToken = true,
        CustomParser = result => [.. result.Tokens.Select(token => ReadWhole(result, "--steps", token.Value, 1, 100))],
    };
    private static readonly Option<TimeSpan?> Window = new("--window")
    {
        Description = "How long each step lasts at least, such as 30s, 10m or 2h. Default: 10m.",
        CustomParser = ReadDuration,
    };
    private static readonly Option<decimal?> Errors = Numbers.Optional(
        "--errors", "Most percentage points by which its error rate may exceed the old version's. Default: 2.", 0m, 100);
    private static readonly Option<decimal?> Latency = Numbers.Optional(
        "--latency", "Most times the old version's median, and its 95th percentile, that its own may be. Default: 1.5.", 1m, 100);
    private static readonly Option<int?> Least = Numbers.Optional(
        "--least", "Fewest requests of either version in a window to judge by. With fewer, the step waits. Default: 50.", 1, 1_000_000);

    public static IReadOnlyList<Command> Create() =>
    [
        new Command("versions", "Versions of models: state, share, memory, and how they do.") { AnyName }.Does(ShowAsync),
        new Command("weights", "Divides a model's requests among its versions.") { Name, Weights }.Does(SetWeightsAsync),
        new Command("shadow", "Copies requests to a version. Its answers are measured and thrown away; nobody pays for them.")
        {
            Name, Version, Percent,
        }.Does(SetShadowAsync),
        new Command("load", "Lets a model into memory again.") { Name }.Does(Order("load", HttpMethod.Post, "is loaded at its workers.")),
        new Command("unload", "Takes a model out of memory; what runs ends, and new requests are refused.") { Name }
            .Does(Order("unload", HttpMethod.Post, "leaves memory. Undo it with: ./tollgate models load NAME")),
        new Command("clear", "Deletes the plan of a model: its newest version answers all requests.") { Name }
            .Does(Order("plan", HttpMethod.Delete, "is served in its newest version.")),
        new Command("canary", "Gives a new version a growing share of the requests while it does no worse than the old one.")
        {
            Name, Version, Share, Steps, Window, Errors, Latency, Least,
        }.Does(StartAsync),
        new Command("promote", "Gives the new version of a running canary all requests now.") { Name }
            .Does(Order("canary/promote", HttpMethod.Post, "is served in its new version; the old one leaves memory after a last window.")),
        new Command("rollback", "Ends a running canary; the old version answers all requests.") { Name }
            .Does(Order("canary/rollback", HttpMethod.Post, "is served in its old version.")),
        new Command("history", "Canaries of a model, newest first, with their reasons.") { Name }.Does(ShowHistoryAsync),
    ];

    private static async Task<int> ShowAsync(ParseResult parsed, Target target, CancellationToken cancellationToken)
    {
        using var client = target.Connect();
        var models = await client.GetAsync(
            "accounts", VersionedModel.Path, ContractsJson.Default.IReadOnlyListVersionedModel, cancellationToken);
        if (parsed.GetValue(AnyName) is { } name)
        {
            models = [.. models.Where(model => model.Model == name)];
            if (models.Count == 0)
            {
                throw new OperatorException($"No worker has a model {name}, and it has no plan. See: {target.Hint("models versions")}");
            }
        }

        await VersionTable.WriteAsync(models, Console.Out);
        return 0;
    }

    private static async Task<int> ShowHistoryAsync(ParseResult parsed, Target target, CancellationToken cancellationToken)
    {
        using var client = target.Connect();
        var canaries = await client.GetAsync(
            "accounts", PathOf(parsed, "canaries"), ContractsJson.Default.IReadOnlyListCanaryReport, cancellationToken);
        await VersionTable.WriteAsync(canaries, Console.Out);
        return 0;
    }

    private static async Task<int> SetWeightsAsync(ParseResult parsed, Target target, CancellationToken cancellationToken)
    {
        var order = new SetWeights(parsed.GetRequiredValue(Weights));
        await SendAsync(
            parsed, target, "weights", HttpMethod.Post, JsonContent.Create(order, ContractsJson.Default.SetWeights), cancellationToken);
        var sum = order.Weights.Values.Sum(weight => (double)weight);
        var shares = order.Weights.OrderBy(one => one.Key, VersionOrder.Instance).Select(one => one.Value == 0
            ? $"version {one.Key} stays in memory"
            : string.Create(CultureInfo.InvariantCulture, $"version {one.Key} {one.Value * 100 / sum:0.##} %"));
        await Console.Out.WriteLineAsync($"{parsed.GetRequiredValue(Name)}: {string.Join(", ", shares)}.");
        return 0;
    }

    private static async Task<int> SetShadowAsync(ParseResult parsed, Target target, CancellationToken cancellationToken)
    {
        var order = new SetShadow(parsed.GetRequiredValue(Version), parsed.GetRequiredValue(Percent));
        await SendAsync(
            parsed, target, "shadow", HttpMethod.Post, JsonContent.Create(order, ContractsJson.Default.SetShadow), cancellationToken);
        await Console.Out.WriteLineAsync(order.Percent == 0
            ? $"{parsed.GetRequiredValue(Name)}: version {order.Version} gets no copies."
            : $"{parsed.GetRequiredValue(Name)}: version {order.Version} gets copies of {order.Percent} % of the requests.");
        return 0;
    }

    private static async Task<int> StartAsync(ParseResult parsed, Target target, CancellationToken cancellationToken)
    {
        var order = new StartCanary(parsed.GetRequiredValue(Version))
        {
            Share = parsed.GetValue(Share),
            Steps = parsed.GetValue(Steps) is { Length: > 0 } steps ? steps : null,
            Window = parsed.GetValue(Window),
            MostExtraErrors = (double?)parsed.GetValue(Errors),
            MostLatencyRatio = (double?)parsed.GetValue(Latency),
            LeastRequests = parsed.GetValue(Least),
        };
        await SendAsync(
            parsed, target, "canary", HttpMethod.Post, JsonContent.Create(order, ContractsJson.Default.StartCanary), cancellationToken);
        await Console.Out.WriteLineAsync(
            $"The canary runs. Watch it with: {target.Hint($"models versions {parsed.GetRequiredValue(Name)}")}");
        return 0;
    }

    private static Func<ParseResult, Target, CancellationToken, Task<int>> Order(string path, HttpMethod method, string done) =>
        async (parsed, target, cancellationToken) =>
        {
            await SendAsync(parsed, target, path, method, content: null, cancellationToken);
            var name = parsed.GetRequiredValue(Name);
            await Console.Out.WriteLineAsync($"{name} {done.Replace("NAME", name, StringComparison.Ordinal)}");
            return 0;
        };

    private static string PathOf(ParseResult parsed, string path) =>
        $"{VersionedModel.Path}/{Uri.EscapeDataString(parsed.GetRequiredValue(Name))}/{path}";

    /// <summary>Sends an order; a fault of one of its members is printed under the name of the option.</summary>
    /// <exception cref="OperatorException">Accounts refused or did not answer.</exception>
    private static async Task SendAsync(
        ParseResult parsed, Target target, string path, HttpMethod method, HttpContent? content, CancellationToken cancellationToken)
    {
        using var client = target.Connect();
        using var answer = await client.AskAsync("accounts", method, PathOf(parsed, path), content, cancellationToken);
        if (answer.IsSuccessStatusCode)
        {
            return;
        }

        var faults = await OperatorClient.ReadFaultsAsync(answer, cancellationToken);
        if (faults.Count == 0)
        {
            await client.RequireSuccessAsync("accounts", answer, cancellationToken);
        }

        throw new OperatorException(string.Join(
            Environment.NewLine, faults.Select(fault => OptionOf(fault.Member) is { } option ? $"{option}: {fault.Text}" : fault.Text)));
    }

    private static string? OptionOf(string member) => member switch
    {
        "share" => Share.Name,
        "steps" => Steps.Name,
        "window" => Window.Name,
        "mostExtraErrors" => Errors.Name,
        "mostLatencyRatio" => Latency.Name,
        "leastRequests" => Least.Name,
        _ => null,
    };

    private static Dictionary<string, int> ReadWeights(ArgumentResult result)
    {
        var weights = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var text in result.Tokens.Select(token => token.Value))
        {
            if (text.Split('=') is not [{ Length: > 0 } version, var number]
                || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var weight) || weight > SetWeights.Most)
            {
                result.AddError($"VERSION=WEIGHT: '{text}' is not a version and a whole number from 0 to {SetWeights.Most}, such as 2=10.");
            }
            else if (!weights.TryAdd(version, weight))
            {
                result.AddError($"VERSION=WEIGHT: version {version} comes twice.");
            }
        }

        return weights;
    }

    private static TimeSpan? ReadDuration(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (text.Length > 1
            && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
        {
            switch (text[^1])
            {
                case 's':
                    return TimeSpan.FromSeconds(count);
                case 'm':
                    return TimeSpan.FromMinutes(count);
                case 'h':
                    return TimeSpan.FromHours(count);
            }
        }

        result.AddError($"--window: '{text}' is not a duration such as 30s, 10m or 2h.");
        return null;
    }

    private static int ReadWhole(SymbolResult result, string name, string text, int least, int most)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
        {
            return value;
        }

        result.AddError($"{name}: '{text}' is not a whole number from {least} to {most}.");
        return least;
    }
}
